"""
Do strangers believe the values? Fields of real documents, each with what a value of it has to look like.

`fields` draws the sample and reads values at its places, `shapes` has the written rules, `labels.tsv` the label of each
field: the rule that a value of it has to keep to. `generators.cjs` makes values of the same fields with other tools.
Labels were written from the documents alone, before any value was seen; `eyes.tsv` has values that were judged by eye,
shuffled and without the tool's name, to see whether the rules judge as a reader does.
"""
