"""
Testing a provider: does a running API keep to its document?

`runner` runs the `phases` over the operations of a `scope`, `run` is what they share, a `session` sends and judges the
requests of one operation in one phase, `plan` says which requests coverage sends, `knowledge` is what answers taught,
`drafting` makes requests that a provider is likely to take, `checks` judge, `depth` says what was reached, `reports`
write what was found.
`api` is one operation under test, `model` has probes, checks and verdicts, `transport` sends, `replay` sends a finding
again. `records` reads captured traffic, `pact` Pact files and `payload_standard` what bare payloads are; `record_judge`
judges them, `expectations` what consumers expect, `parts` divides the work and `summary` sums up.

Invariants:
- A run changes and deletes only what it created, or what the user named for that operation.
- A verdict is certain or doubtful; a doubtful one never makes a run fail.
"""
