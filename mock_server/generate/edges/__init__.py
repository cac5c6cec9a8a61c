"""Edge cases: boundary, extreme, incoherent and invalid values of a schema, each with a label."""
