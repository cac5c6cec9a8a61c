"""
What the commands do: one module for each command, with the arguments that the command's own module declares.

Rules for editors: a module here is imported when its command runs, so that `--help` needs none of it.
"""
