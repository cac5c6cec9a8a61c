"""
Reports: one run, for people and for machines.

`report` makes the data of all reports, with secrets masked; `junit`, `ctrf`, `sarif`, `har`, `html` and `ndjson` (with
Markdown) write it, `formats` lists them, `pytest_module` writes findings as fixtures and tests.

Rules for editors: a report shows foreign text, so everything is escaped, and nothing is shown that was not masked.
"""
