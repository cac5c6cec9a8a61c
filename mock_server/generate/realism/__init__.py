"""
Realistic values: what a property means, and values that fit the meaning.

`meaning` infers it by the tables of `tables`, `quantities` (numbers) and `vocabularies` (words, names, sentences),
and by what `descriptions` reads. `pools` has columns of values, `example_shapes` follows an example, `coherence` lets
the parts of a value agree, `errors` words errors.
"""
