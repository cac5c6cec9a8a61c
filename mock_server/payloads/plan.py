"""
The plan: payloads by number.

The payloads of a plan are its targets' rules, one after the other; when all had their turn they come again around other
values. So number N can be made alone, from the document, the choice and the seed.

The description of one payload.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from itertools import count
from pathlib import Path
from typing import Final, NamedTuple

import orjson

from mock_server.document.model import Entry
from mock_server.errors import SchemaError, UsageError
from mock_server.exchange.message import Request
from mock_server.findings import Place, make_tool_finding
from mock_server.generate.edges.catalogue import KINDS, Catalogue, Unreached
from mock_server.generate.edges.proof import Edge
from mock_server.generate.engine import Engine
from mock_server.generate.producer import SampleOptions
from mock_server.generate.seed import derive_seed
from mock_server.json_values import JsonObject, JsonValue, Pointer, Progress, format_pointer
from mock_server.payloads.targets import PayloadChoice, PayloadTarget, iter_targets
from mock_server.schema.assertions import BrokenAssertion
from mock_server.schema.dialect import Direction


class WrittenPayload(NamedTuple):
    """A payload that was made as JSON."""

    text: bytes


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PayloadRecord:
    """One payload of a plan."""

    number: int
    rule: str
    kind: str
    operation: str
    direction: str
    status: str  # empty for requests
    media_type: str  # empty for parameters
    part: str  # `body`, or a parameter as in `query:limit`
    keyword: str
    pointer: Pointer
    place: str  # in the document
    valid: bool
    breaks: tuple[BrokenAssertion, ...]
    exact: bool
    combines: tuple[str, ...]  # rules, where several meet in one payload
    made: JsonValue | WrittenPayload  # of the part
    request: Request  # that the part belongs to, or that the response answers

    @property
    def value(self) -> JsonValue:
        """The payload as a value."""
        return orjson.loads(self.made.text) if isinstance(self.made, WrittenPayload) else self.made

    def described(self) -> JsonObject:
        """Everything about the payload but the payload."""
        out: JsonObject = {
            "number": self.number,
            "rule": self.rule,
            "kind": self.kind,
            "operation": self.operation,
            "direction": self.direction,
        }
        if self.status:
            out["status"] = self.status
        if self.media_type:
            out["mediaType"] = self.media_type
        if self.part != "body":
            out["part"] = self.part
        out |= {
            "keyword": self.keyword,
            "pointer": format_pointer(self.pointer),
            "place": self.place,
            "valid": self.valid,
        }
        if not self.valid:
            out["breaks"] = [
                {"keyword": found.keyword, "pointer": format_pointer(found.instance)} for found in self.breaks
            ]
            if not self.exact:
                out["unavoidable"] = True
        if self.combines:
            out["combines"] = list(self.combines)
        return out


REALISTIC: Final = "realistic"
INVALID: Final = "invalid"
ALL_KINDS: Final = (REALISTIC, *KINDS)
# What each kind holds, as reference pages show it.
MEANINGS: Final = {
    "realistic": "data as `serve` generates it",
    "boundary": "each bound from both sides, each member of an enum, each alternative, each optional property left "
    "out, null",
    "extreme": "valid but hostile: very long, deep or many; emoji, control characters, right-to-left, SQL, HTML, "
    "formulas, large numbers",
    "invalid": "one keyword broken at one place, and nothing else",
    "incoherent": "valid but wrong in meaning: an end before its start, a latitude beyond the pole, a count that "
    "disagrees",
    "pairwise": "boundary values of different places combined, so that every two of them meet; up to `--budget` "
    "payloads",
}
# So many payloads in a row are edits of one drawn value.
_BLOCK: Final = 32
_MOST_NAMED: Final = 8  # media types in a message


@dataclass(frozen=True, slots=True)
class Failure:
    """A target that no payload can be made for."""

    target: PayloadTarget
    reason: str


@dataclass(eq=False, repr=False)
class PayloadPlan:
    """The payloads of a document, numbered from 0; nothing is looked for before it is needed."""

    kit: Engine
    choice: PayloadChoice
    opened: "list[Series]" = field(default_factory=list)  # the targets so far that payloads can be made for
    failures: list[Failure] = field(default_factory=list)  # the other ones
    _last: tuple[int, int] = (0, 0)  # the target of the last payload: its place in `opened`, the payloads before it
    _total: int = -1  # payloads, once that is known

    def lanes(self) -> "Iterator[Series]":
        """
        List the targets that payloads can be made for; each is opened when it is reached.

        Raises:
            UsageError: there are none.
        """
        return self._lanes_from(0)

    def _lanes_from(self, index: int) -> "Iterator[Series]":
        while index < len(self.opened) or self._open_next():
            yield self.opened[index]
            index += 1
        if not self.opened:
            raise UsageError(_nothing(self.kit, self.choice, self.failures))

    def _open_next(self) -> bool:
        """Open one more target; return True if there was one."""
        for target in self._targets:
            reason = self._open(target)
            if reason is None:
                return True
            self.failures.append(Failure(target, reason))
        return False

    def _open(self, target: PayloadTarget) -> str | None:
        """Open a target; return the reason why that is impossible, None where it is not."""
        lane = Series(target, self.choice.kinds)
        try:
            lane.open()
            if self.choice.direction == "request":
                _ = lane.absent  # which needs a request that is right otherwise
        except SchemaError as error:
            return str(error)
        except Exception as error:  # noqa: BLE001 - a fault of ours at one operation: the others have payloads
            entry = target.operation.entry
            fault = make_tool_finding(error, "its payloads", entry.node.place, entry.id)
            return f"{fault.message} [{fault.rule}]"
        self.opened.append(lane)
        return None

    @cached_property
    def _targets(self) -> Iterator[PayloadTarget]:
        operations = map(self.kit.document.operation, _entries(self.kit, self.choice))
        return (target for operation in operations for target in iter_targets(self.kit, operation, self.choice))

    def length(self, progress: Progress | None = None) -> int:
        """
        Return the number of payloads before they repeat.

        All rules are looked for, and `progress` receives how many were.
        """
        found = total = 0
        for lane in self.lanes():
            for _ in lane.catalogue if progress is not None else ():
                found += 1
                if progress is not None:
                    progress(found, None, lane.target.title)
            total += lane.length()
        return total

    def record(self, number: int) -> PayloadRecord:
        """
        Make a payload.

        Raises:
            UsageError: there are no payloads.
        """
        lane, index = self._find(number) or self._find_again(number)
        return lane.record(number, index)

    def records(self, start: int, number: int) -> Iterator[PayloadRecord]:
        """Make a number of payloads in a row."""
        return map(self.record, range(start, start + number))

    def once(self, start: int = 0) -> Iterator[PayloadRecord]:
        """
        Make as many payloads in a row as there are rules, without counting them before.

        Raises:
            UsageError: there are no payloads.
        """
        for number in count(start):
            found = self._find(number)
            if found is None and number > start and number - start >= self._total:
                return
            lane, index = found or self._find_again(number)
            yield lane.record(number, index)

    def find(self, rule: str) -> PayloadRecord | None:
        """Make the payload of a rule."""
        passed = 0
        for lane in self.lanes():
            for index in range(lane.length()):
                if lane.rule(index) == rule:
                    return lane.record(passed + index, index)
            passed += lane.length()
        return None

    def _find(self, number: int) -> "tuple[Series, int] | None":
        """Return the target of a payload and its number there; None behind the last one."""
        if number >= self._total >= 0:
            return None
        place, passed = self._last
        if number < passed:
            place = passed = 0
        for lane in self._lanes_from(place):
            if lane.has(number - passed):
                self._last = (place, passed)
                return lane, number - passed
            place, passed = place + 1, passed + lane.length()
        self._total = passed
        return None

    def _find_again(self, number: int) -> "tuple[Series, int]":
        """Return the same for a number behind the last one: the payloads come again around other values."""
        if self._total:
            found = self._find(number % self._total)
            if found is not None:
                return found
        raise UsageError("no payload of this kind was found; --explain says why")


@dataclass(eq=False, repr=False)
class Series:
    """The payloads of one target: a realistic one where it is wanted, then its edges."""

    target: PayloadTarget
    kinds: tuple[str, ...]
    _base: tuple[int, JsonValue] | None = None

    @property
    def catalogue(self) -> Catalogue:
        """The edges of the target."""
        return self.target.catalogue

    @property
    def _plain(self) -> int:
        return int(REALISTIC in self.kinds)

    def open(self) -> None:
        """
        Find out whether anything can be made at all.

        Raises:
            SchemaError: nothing can.
        """
        _ = self.target.subject.proof_base
        self.target.kinds = tuple(kind for kind in self.kinds if kind != REALISTIC)

    @cached_property
    def absent(self) -> str | None:
        """The rule of a request that lacks the part; None where it may, or where invalid payloads are not wanted."""
        if INVALID in self.kinds and self.target.absent is not None:
            return f"{self.target.part}:required:absent"
        return None

    def has(self, index: int) -> bool:
        """Return True if there is a payload of this number, among the target's own."""
        return index < self._plain or self.catalogue.at(index - self._plain) is not None or index < self.length()

    def length(self) -> int:
        """Return the number of payloads of the target."""
        return self._plain + len(self.catalogue.edges) + (self.absent is not None)

    def unreached(self) -> tuple[Unreached, ...]:
        """Return the rules that have no payload."""
        return self.catalogue.unreached

    def rule(self, index: int) -> str:
        """Return the rule of a payload."""
        edge = self._edge(index)
        if edge is not None:
            return edge.rule
        if index < self._plain:
            return REALISTIC
        return str(self.absent)

    def _edge(self, index: int) -> Edge | None:
        if index >= self._plain:
            return self.catalogue.at(index - self._plain)
        return None

    def record(self, number: int, index: int) -> PayloadRecord:
        """Make a payload; it is known by a number of the plan and one of the target."""
        edge = self._edge(index)
        target = self.target
        seed = target.kit.settings.seed
        if edge is None and index >= self._plain and target.absent is not None:
            return self._without(number, target.absent)
        if edge is None:
            return self._realistic(
                number, SampleOptions(derive_seed(seed, REALISTIC, target.title, number), static=False)
            )
        value = target.subject.payload(edge, self._base_of(number), derive_seed(seed, number))
        if self.catalogue.confirm is not None and self.catalogue.confirm(edge, value) is not None:
            value = target.subject.proof(edge)  # around other values it can't be told on the wire
        request = target.request(value) if target.direction is Direction.REQUEST else target.example
        return _describe(number, edge, target, value, request)

    def _realistic(self, number: int, wish: SampleOptions) -> PayloadRecord:
        """
        Return a payload that is like what a real server would send.

        Of a request, the rest of it is written around.
        """
        target, producer = self.target, self.target.subject.producer
        if target.direction is Direction.RESPONSE:
            written = producer.by_row(wish)
            made = WrittenPayload(written) if written is not None else producer.produce(wish)
            return _describe(number, None, target, made, target.example)
        value = producer.produce(wish)
        return _describe(number, None, target, value, target.request(value))

    def _without(self, number: int, request: Request) -> PayloadRecord:
        """Return the request that lacks the part."""
        made = _describe(number, None, self.target, None, request)
        broken = (BrokenAssertion("required", ()),)
        return replace(made, rule=str(self.absent), kind=INVALID, keyword="required", valid=False, breaks=broken)

    def _base_of(self, number: int) -> JsonValue:
        """Return the value that a payload is an edit of; the last one is kept, as its neighbours need it too."""
        block = number // _BLOCK
        if self._base is None or self._base[0] != block:
            seed = derive_seed(self.target.kit.settings.seed, "base", self.target.title, block)
            self._base = (block, self.target.subject.base(seed))
        return self._base[1]


def _describe(
    number: int, edge: Edge | None, target: PayloadTarget, made: JsonValue | WrittenPayload, request: Request
) -> PayloadRecord:
    return PayloadRecord(
        number=number,
        rule=edge.rule if edge is not None else REALISTIC,
        kind=edge.kind if edge is not None else REALISTIC,
        operation=target.operation.id,
        direction=target.direction.value,
        status=target.status,
        media_type=target.media.name if target.media is not None else "",
        part=target.part,
        keyword=edge.keyword if edge is not None else "",
        pointer=edge.pointer if edge is not None else (),
        place=_place(edge.place if edge is not None else target.schema.place, target.kit.document.resource.name),
        valid=edge is None or edge.conforms,
        breaks=edge.breaks if edge is not None else (),
        exact=edge is None or edge.is_exact,
        combines=tuple(part.rule for part in edge.parts) if edge is not None else (),
        made=made,
        request=request,
    )


@lru_cache(maxsize=65_536)
def _place(place: Place, document: str) -> str:
    """Return a place, its file named as seen from the document: wherever that lies, the same bytes."""
    file = place.file if "://" in place.file else os.path.relpath(place.file, Path(document).parent)
    return f"{file}#{format_pointer(place.pointer)}"


def _entries(kit: Engine, choice: PayloadChoice) -> tuple[Entry, ...]:
    if choice.operation is None:
        return kit.document.entries
    return (kit.document.require_entry(choice.operation),)


def _nothing(kit: Engine, choice: PayloadChoice, failures: list[Failure]) -> str:
    if failures:
        return f"no payload can be made: {failures[0].target.title}: {failures[0].reason}"
    wanted = [
        f"{name} {value}"
        for name, value in (("status", choice.status), ("media type", choice.media_type))
        if value is not None
    ]
    kind = "" if choice.media_type is not None else "JSON "
    others = _media_types(kit, choice) if not wanted else []
    return (
        f"there is no {kind}{choice.direction} with a schema"
        + (f" for {', '.join(wanted)}" if wanted else "")
        + (f"; documented are {', '.join(others)}: choose with --media-type" if others else "")
    )


def _media_types(kit: Engine, choice: PayloadChoice) -> list[str]:
    """Return the media types of the bodies that are documented, with a schema."""
    found: dict[str, None] = {}
    for entry in _entries(kit, choice):
        operation = kit.document.operation(entry)
        bodies = operation.responses if choice.direction == "response" else (operation.request_body,)
        contents = [media for body in bodies if body is not None for media in body.content]
        found.update(dict.fromkeys(media.name for media in contents if media.schema is not None))
    return list(found)[:_MOST_NAMED]
