"""
Do strangers believe the values?

    python -m benchmarks.realism [FOLDER] [--seeds 0,1] [--peers NODE_MODULES] [--only TEXT] [--silly 40] [--write]

For each labelled field, what the mock answers there (as it serves by default, and with `Prefer: dynamic=true`), and what
other generators make of the same schema. `--silly` prints so many of our silly values, `--eyes FILE` writes pairs of a
field and a value, shuffled and without the name of the tool, to be judged by eye.
"""

import argparse
import json
import random
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.gold.served import Mock
from benchmarks.realism import others
from benchmarks.realism.fields import (
    OPERATIONS,
    Field,
    answer_of,
    field_at,
    list_documents,
    sent_values,
    value_at,
)
from benchmarks.realism.shapes import judge

_HERE = Path(__file__).resolve().parent
_LABELS = _HERE / "labels.tsv"
_EYES = _HERE / "eyes.tsv"
_MODES = (("mock-server, dynamic", True), ("mock-server", False))
_PAGE = _HERE.parent / "README.md"
_MARK = "<!-- realism: `python -m benchmarks.realism --write` -->"

Key = tuple[str, str, str]


@dataclass
class Judged:
    """What one tool made at one field."""

    tool: str
    field: Field
    label: str
    value: Any
    plausible: bool


@dataclass
class Table:
    """All that was judged."""

    rows: list[Judged] = field(default_factory=list)

    def add(self, tool: str, at: Field, label: str, values: list[Any], sent: list[Any]) -> None:
        """Judge the values of a tool at a field; one that gives none has none judged. What was sent may come back."""
        shown = [*sent, *at.schema.get("examples", []), *([at.schema["default"]] if "default" in at.schema else [])]
        for value in values[:1]:
            self.rows.append(Judged(tool, at, label, value, judge(label, value, shown)))

    def shares(self) -> dict[str, tuple[int, int]]:
        """Count plausible values and all values, by tool."""
        found: dict[str, Counter[bool]] = defaultdict(Counter)
        for row in self.rows:
            found[row.tool][row.plausible] += 1
        return {tool: (count[True], count.total()) for tool, count in found.items()}


def read_labels(path: Path = _LABELS) -> dict[Key, str]:
    """Read the label of each field."""
    rows = (line.split("\t") for line in path.read_text().splitlines())
    return {(document, title, place): label for document, title, place, label in rows}


def iter_judged(
    folder: Path, labels: dict[Key, str], seeds: list[int], only: str
) -> Iterator[tuple[str, Field, str, list[Any], list[Any]]]:
    """Iterate over what we answer at each field: the tool, the field, its label, and the values."""
    wanted: dict[str, dict[str, list[Key]]] = defaultdict(lambda: defaultdict(list))
    for key in labels:
        wanted[key[0]][key[1]].append(key)
    for document, path in list_documents(folder):
        if document not in wanted or only not in document:
            continue
        for seed in seeds:
            mock = Mock(str(path), seed=seed)
            for draft in mock.drafts(OPERATIONS):
                keys = wanted[document].get(draft.title, [])
                for tool, dynamic in _MODES if keys else ():
                    body = answer_of(mock, draft, dynamic=dynamic)
                    for key in keys:
                        yield (
                            tool,
                            field_at(mock, draft, key),
                            labels[key],
                            value_at(body, key[2]),
                            sent_values(draft),
                        )
        print(f"{document[:60]}", file=sys.stderr, flush=True)


def main() -> int:
    """Run it; gives the exit code."""
    options = _parser().parse_args()
    labels = read_labels(options.labels)
    seeds = [int(seed) for seed in options.seeds.split(",")]
    table, fields = Table(), {}
    for tool, at, label, values, sent in iter_judged(options.folder, labels, seeds, options.only):
        table.add(tool, at, label, values, sent)
        fields[at.key] = at
    if options.peers is not None:
        for tool, key, values in others.iter_values(list(fields.values()), options.peers, seeds):
            table.add(tool, fields[key], labels[key], values, [])
    _print(table, options.silly)
    if options.eyes is not None:
        _write_eyes(table, options.eyes)
    _print_agreement(labels, fields)
    if options.write:
        _write_page(table, len(labels), len({document for document, _, _ in labels}))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="benchmarks.realism", description=__doc__)
    parser.add_argument("folder", nargs="?", default="../shared/specs", type=Path)
    parser.add_argument("--labels", default=_LABELS, type=Path, help="of which fields")
    parser.add_argument("--seeds", default="0,1")
    parser.add_argument("--peers", type=Path)
    parser.add_argument("--only", default="")
    parser.add_argument("--silly", type=int, default=40)
    parser.add_argument("--eyes", type=Path)
    parser.add_argument("--write", action="store_true")
    return parser


def _print(table: Table, most: int) -> None:
    seen: set[tuple[Key, Any]] = set()
    for row in table.rows:
        if (
            row.tool == _MODES[0][0]
            and not row.plausible
            and len(seen) < most
            and (row.field.key, row.value) not in seen
        ):
            seen.add((row.field.key, row.value))
            print(
                f"silly: {row.field.document[:24]:24} {row.field.title} {row.field.place}: {str(row.value)[:90]!r}  [{row.label[:70]}]"
            )
    for tool, (good, total) in table.shares().items():
        print(f"{tool:28} {good:5} of {total:5} plausible: {good / total:6.1%}")


def _write_eyes(table: Table, path: Path) -> None:
    """Write pairs of a field and a value for a reader: no tool, no verdict, in any order."""
    pairs = {(row.field.key, json.dumps(row.value)): row for row in table.rows}
    chosen = random.Random(20261130).sample(sorted(pairs), min(200, len(pairs)))
    lines = (
        "\t".join(
            (
                *key,
                value,
                "?",
                str(pairs[key, value].field.schema.get("description", ""))[:80].replace("\n", " ").replace("\t", " "),
            )
        )
        for key, value in chosen
    )
    path.write_text("\n".join(lines) + "\n")


def _print_agreement(labels: dict[Key, str], fields: dict[Key, Field]) -> None:
    """Print how often the rules judge as the reader did."""
    if not _EYES.exists():
        return
    agreed: Counter[bool] = Counter()
    for line in _EYES.read_text().splitlines():
        document, title, place, value, verdict = line.split("\t")
        key = (document, title, place)
        if key in fields:
            shown = fields[key].schema.get("examples", [])
            same = judge(labels[key], json.loads(value), shown) is (verdict == "plausible")
            agreed[same] += 1
            if not same:
                print(f"the rule and the eye differ: {title} {place} {value[:80]} is {verdict}")
    if agreed:
        print(f"the rules judge {agreed[True]} of {agreed.total()} values as the reader did")


def _write_page(table: Table, fields: int, documents: int) -> None:
    """Write the table into the page of the benchmarks."""
    lines = [
        _MARK,
        "",
        f"{fields} open fields of {documents} documents.",
        "",
        "| tool | values | plausible |",
        "| --- | ---: | ---: |",
    ]
    lines += [f"| {tool} | {total} | {good / total:.1%} |" for tool, (good, total) in table.shares().items()]
    before, _, after = _PAGE.read_text().partition(_MARK)
    _, _, rest = after.partition("<!-- end of realism -->")
    _PAGE.write_text(before + "\n".join(lines) + "\n\n<!-- end of realism -->" + rest)


if __name__ == "__main__":
    sys.exit(main())
