"""
Reports: one run, for people and for machines. `REPORTS` lists them.

`report` makes the data of all reports, with secrets masked; `junit`, `ctrf`, `har`, `html` and `ndjson` (with
Markdown) write it, `pytest_module` writes findings as fixtures and tests.

Rules for editors: a report shows foreign text, so everything is escaped, and nothing is shown that was not masked.
"""

from typing import Final

# Each report of a contract run with what it is for.
REPORTS: Final = {
    "junit": "JUnit XML, for CI servers: a test case for each operation and check",
    "ctrf": "Common Test Report Format (JSON)",
    "har": "every exchange as HTTP Archive 1.2",
    "html": "a page to read, with each finding and its exchange",
    "ndjson": "a line for each exchange and finding; `validate` reads it",
    "markdown": "a summary; also appended to `$GITHUB_STEP_SUMMARY`",
}
