"""
Reports: one run, for people and for machines.

`digest` says everything once, with secrets masked; each other module writes it in one format.

Rules for editors: a report shows what came from elsewhere, so everything is escaped, and nothing is shown that the mask
has not seen.
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
