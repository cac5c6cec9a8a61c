"""
One HTTP exchange, read through the document.

`path` finds the operation, `parameter` reads what `serialization` writes, `body` does both, `media_type`, `preference`
and `negotiate` choose a response, `security` looks for credentials, `problem` says what went wrong.

Invariants:
- Nothing here does I/O, and nothing decides whether a value conforms: that is `contract`.
- A wire form is read in every way that the document allows: `readings`, the likeliest first.

Rules for editors: name things as RFC 9110 does, and cite the section beside what obeys it.
"""
