"""
Do the labels hold? The catalogues of real documents, judged by the `jsonschema` package.

    python -m benchmarks.labels [FOLDER] [--operations 3] [--seconds 30] [--locations 150]

For each document of the folder, some operations drawn by seed; for each of these every rule's payload is made as `payloads`
writes it, around realistic values, and judged: one that is called valid has to be valid, one that is called broken has to
break what its record says, and nothing else.
"""

import argparse
import json
import random
import re
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from jsonschema import Draft202012Validator, FormatChecker

import mock_server
from mock_server.errors import MockServerError, SchemaError
from mock_server.generate.engine import Engine
from mock_server.payloads.plan import Series
from mock_server.payloads.targets import PayloadChoice, iter_targets
from mock_server.schema.assertions import translated
from mock_server.schema.formats import CHECKS
from mock_server.settings import Settings

# Those that are broken come first: time is short for the largest documents.
KINDS = ("realistic", "invalid", "boundary", "incoherent", "pairwise", "extreme")


@dataclass
class Shares:
    """What was counted."""

    made: Counter[str] = field(default_factory=Counter)  # by kind
    wrong: Counter[str] = field(default_factory=Counter)  # by kind: the label does not hold
    falsely_valid: int = 0
    exact: int = 0  # of the invalid ones
    unreached: Counter[str] = field(default_factory=Counter)  # by reason
    pairs: int = 0  # (place, keyword) that have a payload that breaks them
    lost_pairs: int = 0
    failures: list[str] = field(default_factory=list)
    examples: list[str] = field(default_factory=list)

    def add(self, other: "Shares") -> None:
        """Count what another one counted."""
        for name in ("made", "wrong", "unreached"):
            getattr(self, name).update(getattr(other, name))
        for name in ("falsely_valid", "exact", "pairs", "lost_pairs"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.failures += other.failures
        self.examples += other.examples

    @property
    def share(self) -> float:
        """How many labels hold, from 0 to 1."""
        total = sum(self.made.values())
        return 1 - sum(self.wrong.values()) / total if total else 1.0


def checker() -> FormatChecker:
    """Every format that the package knows, but for Python's regular expressions; and OpenAPI's own."""
    formats = FormatChecker(())
    # those of this draft: the checkers of the class are of all drafts, with the `time` of draft 3
    known = Draft202012Validator.FORMAT_CHECKER.checkers
    formats.checkers = {name: known[name] for name in known.keys() - {"regex", "idn-hostname"}}
    for name, check in CHECKS.items():
        formats.checks(name)(lambda value, check=check: not isinstance(value, str) or check(value))
    return formats


def check_lane(lane: Series, deadline: float, most: int = 100_000) -> Shares:
    """Judge the payloads of one target."""
    shares = Shares()
    judge = Draft202012Validator(lane.target.subject.judged.bundle.schema, format_checker=checker())
    pairs, broken_pairs = set(), set()
    for index in range(most):
        if time.monotonic() > deadline or not lane.has(index):
            break
        record = lane.record(index, index)
        shares.made[record.kind] += 1
        found = {translated(error) for error in judge.iter_errors(record.value)}
        expected = set(record.breaks)
        if record.kind == "invalid":
            shares.exact += record.exact
            broken_pairs.add((record.place, record.keyword))
        if found != expected and "23:59:60" not in str(record.value):
            shares.wrong[record.kind] += 1
            shares.falsely_valid += record.valid
            shares.examples.append(
                f"{lane.target.title} {record.rule}: {sorted(found)[:3]} instead of {sorted(expected)[:3]}"
            )
    for missed in lane.catalogue._unreached:  # noqa: SLF001 - those that were met until now
        shares.unreached[missed.reason] += 1
        if missed.kind == "invalid":
            pairs.add((str(missed.place), missed.keyword))
    shares.pairs, shares.lost_pairs = len(broken_pairs), len(pairs - broken_pairs)
    return shares


def check_document(path: Path, operations: int, seconds: float, locations: int, direction: str = "response") -> Shares:
    """Judge the payloads of some operations of a document."""
    shares = Shares()
    deadline = time.monotonic() + seconds
    document = mock_server.load(path)
    kit = Engine(document, Settings())
    entries = list(document.entries)
    random.Random(0).shuffle(entries)
    seen = 0
    for entry in entries:
        targets = list(
            iter_targets(
                kit, document.operation(entry), PayloadChoice(kinds=KINDS, direction=direction, most=locations)
            )
        )[:2]
        for target in targets:
            lane = Series(target, KINDS)
            try:
                lane.open()
                shares.add(check_lane(lane, deadline))
            except SchemaError as error:
                shares.failures.append(f"{target.title}: {error}")
            except re.error as error:  # `\p{L}`, for instance, which Python's expressions do not know
                shares.failures.append(f"{target.title}: the judge can't read a pattern: {error}")
        seen += bool(targets)
        if seen >= operations or time.monotonic() > deadline:
            break
    return shares


def specs(folder: Path) -> list[Path]:
    """The documents that a folder's manifest lists, else all that it holds, the smallest first."""
    manifest = folder / "manifest.jsonl"
    if not manifest.exists():
        found = [path for path in folder.rglob("*") if path.suffix in {".json", ".yaml", ".yml"}]
        return sorted(found, key=lambda path: path.stat().st_size)
    lines = [json.loads(line) for line in manifest.read_text().splitlines()]
    return [folder / line["spec"] for line in sorted(lines, key=lambda line: line["bytes"])]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", nargs="?", default="../shared/specs", type=Path)
    parser.add_argument("--operations", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--locations", type=int, default=150)
    parser.add_argument("--direction", default="response")
    options = parser.parse_args()
    total = Shares()
    for path in specs(options.folder):
        started = time.monotonic()
        try:
            shares = check_document(path, options.operations, options.seconds, options.locations, options.direction)
        except MockServerError as error:
            print(f"{path}: {error}", file=sys.stderr)
            continue
        total.add(shares)
        made = sum(shares.made.values())
        took = time.monotonic() - started
        print(f"{path.parent.name[:44]:44} {made:6} payloads  {shares.share:8.3%} hold  {took:5.1f} s", flush=True)
        for line in shares.examples[:3] + shares.failures[:3]:
            print(f"    {line[:230]}", flush=True)
    print(f"all: {dict(total.made)}; wrong: {dict(total.wrong)}")
    print(f"labels that hold: {total.share:.4%}; called valid and are not: {total.falsely_valid}")
    print(
        f"invalid: {total.exact} of {total.made['invalid']} break one keyword at one place, the others an unavoidable set"
    )
    print(f"(place, keyword) pairs: {total.pairs} broken, {total.lost_pairs} can't be")
    for reason, count in total.unreached.most_common(25):
        print(f"  {count:6} {reason}")


if __name__ == "__main__":
    main()
