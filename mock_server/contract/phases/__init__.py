"""
Phases: what a run sends, in order.

`examples` sends what the document shows, `covering` tries each keyword once, `stateful` follows links and the lives of
things, `fuzzing` searches and shrinks. `provision` creates what a request needs, `acceptance` says which refusal is
wrong.

Rules for editors: a phase sends through its session only; what it finds goes to the session's ledger.
"""
