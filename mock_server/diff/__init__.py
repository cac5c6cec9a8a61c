"""
Who breaks: two documents compared, each verdict proven or shown by a message.

`model` has places, changes, verdicts and witnesses, `policy` says which messages are compared. `pairs` pairs
operations, `unchanged` finds what is written the same; `compare` goes over the rest: `parameters` (`wire`), `bodies`,
`answers` and `security`, with what `context` holds. `messages` compares two schemas: `sides` has them in their roles,
`containment` (with `forms`, `scalars` and `gaps`) proves, `samples` makes values that may be refused. `usage` has what
consumers use, from Pact files, traffic and profiles; `whom` says which of them a change hurts.

Invariants:
- Compatible means proven; breaking means that a message is shown, which two judges that share no code agree on.
- Which messages count is decided in `policy`, nowhere else.
- Nothing here does I/O, but for reading what consumers sent and got.

Rules for editors: a rule of `containment` may only err towards a gap; a value of `samples` proves nothing by itself.
"""
