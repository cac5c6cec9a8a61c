"""
Comparison of two documents: each verdict is proven, or shown by a message.

`model` has places, changes, verdicts and witnesses, `policy` says which messages are compared. `pairs` pairs
operations, `addresses` says where they are reached, `unchanged` finds what is written the same, by `pairwise`;
`compare` goes over the rest: `parameters`, `bodies`, `answers` and `security`, with what `context` holds.
`readings` and `encodings` have
how values are written and read. `messages` compares two schemas: `proof` proves, or values are found that show the
difference; `notes` has what changes without breaking anybody. `usage` has what consumers use, from Pact files,
traffic and profiles; `whom` says which of them a change hurts. `baseline` knows accepted changes, `report` and `html`
write a comparison, `fixtures` its answers.

Invariants:
- Compatible means proven; breaking means that a message is shown, which two judges that share no code agree on.
- Which messages count is decided in `policy`, nowhere else.
- Nothing here does I/O, but for what consumers sent and got, baselines and fixtures.

Rules for editors: a format of a comparison is a row of `report`; a verdict comes with its proof or its message.
"""
