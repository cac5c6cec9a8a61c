"""
Reports: one run, for people and for machines.

`report` makes the data of all reports, with secrets masked; `formats` writes it and lists the formats, `junit`, `html`
and `sarif` are three of them; `merge` joins runs, `pytest_module` writes findings as fixtures and tests.

Rules for editors: a report shows foreign text, so everything is escaped, and nothing is shown that was not masked.
"""
