"""
Schema Objects as JSON Schema 2020-12.

`dialect` translates the Schema Objects of every OpenAPI version, `bundle` gathers what a schema refers to,
`validate` judges values, `formats` says what a format means, `canonical` gives the form that generators compile from.

Invariants:
- A bundle is self-contained: every `$ref` in it is `#/$defs/<name>`; nothing is ever fetched while validating.
- What JUDGE accepts is never narrower than the document; what MAKE describes is never wider.

Rules for editors: jsonschema-rs is imported in `validate` and `canonical` only, and a schema that does not compile
is an error or a finding, never a schema that accepts everything in silence.
"""
