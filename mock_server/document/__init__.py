"""
The OpenAPI document as frozen values.

`load` reads bytes into JSON data, `references` follows `$ref` between places, `parse` (and `swagger` for 2.0)
turns places into the values of `model`, `lint` asks openapi-spec-validator, `positions` finds the line of a place.

Invariants:
- Nothing here knows what a schema means: a Schema Object stays the `Node` where it stands.
- A file is read when a reference needs it, and only from where `Access` allows.
- What was read is never changed: YAML aliases share their objects.

Rules for editors: never render a document through a template engine, and never load YAML by anything but `yaml12`.
"""
