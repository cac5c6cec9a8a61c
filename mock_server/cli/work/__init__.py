"""
The work of the commands: one module for each, with the arguments that the command's own module declares.

Rules for editors: a module here is imported when its command runs, so that `--help` needs none of it.
"""
