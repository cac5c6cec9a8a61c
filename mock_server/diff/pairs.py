"""
Pairing of the operations of the old and the new document.

By method and path template, names of variables ignored; then by operationId. Where many operations moved together to
another prefix, they are paired by what is left of their templates, and the move is said once.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from mock_server.document.model import Entry

_VARIABLE: Final = re.compile(r"\{[^{}]*\}")
_LEAST_MOVED: Final = 2  # operations, for a prefix to have moved


@dataclass(frozen=True, slots=True, eq=False)
class PairedEntry:
    """An operation in both documents."""

    old: Entry
    new: Entry


@dataclass(frozen=True, slots=True, eq=False)
class Pairing:
    """The operations of two documents, paired."""

    pairs: tuple[PairedEntry, ...]
    removed: tuple[Entry, ...]
    added: tuple[Entry, ...]
    moved: tuple[str, str] | None = None  # the prefix before and after, where operations moved together


def shape_of_template(entry: Entry) -> tuple[str, str]:
    """Return the method and the path template with its variables unnamed."""
    return entry.method, _VARIABLE.sub("{}", entry.template).rstrip("/") or "/"


def pair_entries(old: Sequence[Entry], new: Sequence[Entry]) -> Pairing:
    """Pair the operations of two documents."""
    exact = {(entry.method, entry.template): entry for entry in new}
    pairs = [PairedEntry(entry, other) for entry in old if (other := exact.pop((entry.method, entry.template), None))]
    known = {pair.old for pair in pairs}
    left = {shape_of_template(entry): entry for entry in reversed(exact.values())}
    lonely: list[Entry] = []
    for entry in old:
        if entry in known:
            continue
        found = left.pop(shape_of_template(entry), None)
        if found is not None:
            pairs.append(PairedEntry(entry, found))
        else:
            lonely.append(entry)
    moved = _find_move(lonely, left)
    if moved is not None:
        lonely = _pair_moved(lonely, left, moved, pairs)
    by_id = {entry.id: key for key, entry in left.items() if "operationId" in _members(entry)}
    removed: list[Entry] = []
    for entry in lonely:
        key = by_id.pop(entry.id, None) if "operationId" in _members(entry) else None
        if key is not None and key in left:
            pairs.append(PairedEntry(entry, left.pop(key)))
        else:
            removed.append(entry)
    paired = {pair.new for pair in pairs}
    added = tuple(entry for entry in new if entry not in paired)
    return Pairing(tuple(pairs), tuple(removed), added, moved)


def _members(entry: Entry) -> dict[str, object]:
    if isinstance(entry.node.value, dict):
        return dict(entry.node.value)
    return {}


def _find_move(lonely: list[Entry], left: dict[tuple[str, str], Entry]) -> tuple[str, str] | None:
    """Find the change of prefix that pairs most of what is left: `/v1` to `/v2`, "" to `/api`."""
    votes: Counter[tuple[str, str]] = Counter()
    for entry in lonely:
        method, template = shape_of_template(entry)
        for other, target in left:
            if other == method:
                votes.update(_prefixes(template, target))
    if not votes:
        return None
    # of as many, the longest common rest
    best, count = max(votes.items(), key=lambda item: (item[1], -len(item[0][0]) - len(item[0][1])))
    if count < _LEAST_MOVED or count * 2 < len(lonely):
        return None
    return best


def _prefixes(one: str, other: str) -> list[tuple[str, str]]:
    """Return the prefixes that tell two templates apart, where they end alike."""
    mine, yours = one.split("/"), other.split("/")
    shared = 0
    while shared < min(len(mine), len(yours)) - 1 and mine[-1 - shared] == yours[-1 - shared]:
        shared += 1
    if not shared:
        return []
    return [("/".join(mine[:-shared]), "/".join(yours[:-shared]))]


def _pair_moved(
    lonely: list[Entry], left: dict[tuple[str, str], Entry], moved: tuple[str, str], pairs: list[PairedEntry]
) -> list[Entry]:
    before, after = moved
    rest: list[Entry] = []
    for entry in lonely:
        method, template = shape_of_template(entry)
        target = (method, after + template.removeprefix(before))
        if template.startswith(before) and target in left:
            pairs.append(PairedEntry(entry, left.pop(target)))
        else:
            rest.append(entry)
    return rest
