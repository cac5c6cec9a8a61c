"""
Judging one request or one response against the document.

`request` reads and judges the requests of a client, `body` their bodies, `response` the answers of a server; `identity`
has the credentials of a client. The mock is judged by the same code that judges a real API, so the two can't disagree
about what is right.

Invariants:
- A judge never raises for what it judges: it returns findings. It does no I/O.
- A message is wrong only if every reading that the document allows is wrong.

Rules for editors: a judge decides nothing about what to answer; that is `respond`.
"""
