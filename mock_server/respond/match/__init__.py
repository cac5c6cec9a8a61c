"""
What people script: answers for certain requests, told before the document's own are asked.

`pattern` says which requests, in WireMock's words (`matcher` for one text, `alike` for JSON, `jsonpath` for a place in
it); `near` says what came close. `template` looks values of the request up in an answer, `functions` is all that it can
call. `scenario` reads state machines from files, `mapping` stub mappings that come at run time, `stubs` keeps those.

Invariants:
- Patterns, paths, templates, mappings and scenarios are data: nothing of them is executed, and what they may cost is
  bounded.
- What is not understood is refused with its place, never passed over.
- An answer is judged by the document when it is read or, where it is a template, when it is made.
"""
