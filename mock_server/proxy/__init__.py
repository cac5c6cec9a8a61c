"""
The proxy: requests go on to a real server, and both directions are judged.

`relay` leads one exchange, `upstream` talks to the real server, `inflow` reads what the client sends, `fields` says
which header fields go on, `scrutiny` judges and sums up, `choices` says which operations are real and which are
mocked, `recorder` writes fixtures, `redact` takes secrets out of them.

Invariants:
- What is passed on is passed on byte for byte, and when it comes. Who judges gets a bounded copy.
- No host but the one that the user named is asked; redirects are passed on.
- Nothing that a client or a server does is an exception here: it is an answer and a finding.

Rules for editors: httpx2 is imported in `upstream` alone; a client's answer never waits for a file to be written.
"""
