"""
The command line: one module for each command, which imports what it needs when it runs.

`main` dispatches. `serve`, `proxy`, `check`, `test`, `validate` and `payloads` declare the flags; `run_serve`,
`run_proxy`, `run_check`, `run_test`, `run_validate` and `run_payloads` do the work, imported by `loading`. `options`
makes flags of the rows of settings, `configure` reads flags, environment and settings file, `show` prints findings,
`show_run` a contract run, `workers` chooses the executor, `terminal` and `logs` write.

Findings and results go to standard output, logs and progress to standard error.
"""
