"""
Schema Objects as JSON Schema 2020-12.

`dialect` translates Schema Objects of every OpenAPI version, with `types`, `hiding`, `discriminator` and `patterns`.
`bundle` gathers what a schema refers to. `validate` judges values, `assertions` words what is broken, `large` does so
for large values, `formats` has a record for each format, `grammars` formats as regular expressions. `simplify` and
`canonical` make the form that generators compile from; `cost` counts what a schema costs. `sites` has the types, items,
properties and examples of a place of a value; `locations` lists the places; `partial` writes schemas of parts of
values.

Invariants:
- A bundle is self-contained: every reference in it leads into its own definitions. Nothing is fetched while validating.
- What JUDGE accepts is never narrower than the document; what MAKE describes is never wider.

Rules for editors: jsonschema-rs is imported in `validate` and `canonical` only. A schema that does not compile is an
error or a finding, never a schema that silently accepts everything.
"""
