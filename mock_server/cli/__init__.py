"""
The command line: one module for each command, which imports what it needs when it runs.

`main` dispatches. `serve`, `proxy`, `check`, `test`, `validate`, `report`, `diff`, `consumer` and `payloads` declare
the flags; the modules of `work` do the work, imported by `loading`. `options` makes flags of the rows of settings,
`configure` reads flags, environment and settings file, `show` prints findings, `show_run` a contract run, `workers`
chooses the executor, `terminal` and `logs` write.

Findings and results go to standard output, logs and progress to standard error.
"""
