"""The table of rules, the ids that the code emits and the table of the reference page are the same."""

import re
from pathlib import Path

from mock_server.findings import RULES

ROOT = Path(__file__).resolve().parent.parent
SOURCES = "\n".join(path.read_text() for path in (ROOT / "mock_server").rglob("*.py") if path.name != "rules.py")


def test_every_rule_is_emitted_somewhere() -> None:
    unused = {rule for rule in RULES if f'"{rule}"' not in SOURCES}

    assert unused == set()


def test_every_id_that_looks_like_a_rule_is_in_the_table() -> None:
    heads = "|".join({rule.partition("-")[0] for rule in RULES})
    emitted = set(re.findall(rf'(?:rule=|rule = |note\(\s*|_finding\(\s*)"((?:{heads})-[a-z-]+)"', SOURCES))

    assert emitted - RULES.keys() == set()


def test_the_reference_lists_every_rule_with_its_level_and_summary() -> None:
    page = (ROOT / "docs" / "reference" / "rules.md").read_text()
    rows = re.findall(r"^\| `([a-z]+-[a-z-]+)` \| (\w+) \| \w+ \| ([^|]+?) \|$", page, re.MULTILINE)
    expected = [(rule.id, rule.level.name.lower(), rule.summary) for rule in RULES.values()]

    assert rows == expected


def test_ids_are_said_in_lower_case_words() -> None:
    assert [rule for rule in RULES if not re.fullmatch(r"[a-z]+(-[a-z]+)+", rule)] == []
