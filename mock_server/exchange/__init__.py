"""
One HTTP exchange, read through the document.

`message` has the bytes, `router` finds the operation, `parameters` are read and `serialization` writes them, `body`
reads and writes by media type: `form`, `xml`, `packed` (MessagePack, CBOR), `sample_files`; `wire_values` lists the
readings of a text, `charset` and `content_coding` decode, `bounds` limits. `media_type`, `prefer` and `negotiate`
choose a response, `security` looks for credentials, `header_fields` knows the grammars of fields, `problem` words what
is wrong, `expressions` evaluates runtime expressions. `render` writes an exchange as JSON, `har` and `curl` in their
formats; `secrets` masks it.

Invariants:
- Nothing here does I/O, and nothing decides whether a value conforms: that is `judges`.
- A wire form is read in every way that the document allows, the likeliest first.

Rules for editors: name things as RFC 9110 does, and cite the section where it is obeyed.
"""
