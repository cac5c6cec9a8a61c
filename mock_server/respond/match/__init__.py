"""
Matching requests, and the values of a request that answers may use.

`algebra` has the matchers. `request_pattern` and `matchers` read them in WireMock's words, `conditions` in those of
fixtures and scenarios; `distance` and `near_misses` find what came close. `template`
fills in texts, `functions` are all that it can call, `mapping` reads stub mappings.

Invariants:
- Patterns, templates and mappings are data: nothing of them is executed, and what they may cost is bounded.
- What is not understood is refused with its place, never ignored.
- An answer is judged by the document when it is read or, if it is a template, when it is made.
"""
