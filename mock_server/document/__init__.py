"""
The OpenAPI document as frozen values.

`load` reads resources (`fetch` over HTTP), `yaml` and `json_text` parse them, `mistakes` recognises files that are no
OpenAPI documents. `document` indexes what was read, and reads an operation when it is asked for: `openapi3` and
`swagger2` turn its objects into the values of `model`, tolerantly (`reader`); `references` follows references between
places. `lint` runs openapi-spec-validator, `positions` finds the line of a place, `free_servers` reads URLs of servers
with variables, `default` finds the document if none is named.

`read` does all of it for the documents that a command names, and applies their overlays: `overlay` reads and applies
them, `origin` knows which file each part of the result came from.

Invariants:
- Nothing here knows what a schema means: a Schema Object stays the `Node` where it was written.
- A file is read when a reference needs it, and only from where `Access` allows.
- What was read is never changed: YAML aliases share their objects. Overlays change copies.
- A place is one of the document as it is used; which file and line it came from is looked up when it is shown.

Rules for editors: never render a document through a template engine, and load YAML by `yaml` only.
"""
