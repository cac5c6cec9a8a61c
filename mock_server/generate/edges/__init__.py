"""
Edge cases: boundary, extreme, incoherent and invalid values of a schema, each with a label and a proof.

`boundary`, `extreme`, `incoherent` and `invalid` propose edits, `apply` makes them in a conforming value, `proof`
proves and `catalogue` lists them, `pairwise` combines them, `steps` tries them on the requests of contract tests.
"""
