"""
Reports: one run, for people and for machines.

`digest` says everything once, with secrets masked; each other module writes it in one format.

Rules for editors: a report shows what came from elsewhere, so everything is escaped, and nothing is shown that the mask
has not seen.
"""
