"""
The sampler: canonical schemas, compiled to functions that draw values.

`sampler` compiles, `compiler` has what the compilers share: `strings` (by the `columns` of what they mean),
`numbers`, `arrays`, `objects`, `undeclared` properties, and `combinators` for applicators. `draw` is the state of one
draw, `sizes` finds the smallest values, `repair` changes a value that breaks its schema, `list_writer` keeps whole
items of lists as bytes.
"""
