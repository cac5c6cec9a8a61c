"""
The proxy: requests go on to a real server, and both directions are judged.

`relay` leads one exchange, `upstream` talks to the real server, `streams` reads and holds back bodies, `headers`
decides which header fields pass, `judge` judges and sums up, `record` writes fixtures, `conditions` decides
when they answer.

Invariants:
- What passes, passes byte for byte and as it comes. The judge gets a bounded copy.
- No host is asked but the one that the user named; redirects are passed on.
- Nothing that a client or a server does is an exception here: it is an answer and a finding.

Rules for editors: httpx2 is imported in `upstream` alone; a client's answer never waits for a file to be written.
"""
