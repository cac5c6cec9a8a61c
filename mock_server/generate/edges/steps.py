"""
Steps from a good value: the catalogue's attempts, tried on a value that is at hand and judged once, by the fast judge.

A contract test sends each in a request of its own, or many together; nothing is exported, so nothing is proven twice.
The first steps change what the value holds; the further ones are the catalogue's edges in it, which takes longer.
"""

import copy
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Final

from mock_server.document.model import MISSING, Missing
from mock_server.generate.edges.apply import Add, Append, Attempt, Drop, Edit, Put
from mock_server.generate.edges.boundary import iter_boundaries
from mock_server.generate.edges.catalogue import Catalogue
from mock_server.generate.edges.invalid import iter_violations
from mock_server.generate.edges.proof import EdgeSubject
from mock_server.generate.producer import Producer
from mock_server.json_values import JsonValue, Pointer, find_at
from mock_server.schema.bundle import Bundle
from mock_server.schema.locations import Location, walk_value
from mock_server.schema.types import is_type
from mock_server.schema.validate import Validator

_PLACES: Final = 150  # of a value
_LOCATIONS: Final = 1_000  # its places, each once more for each alternative
_TRIES: Final = 8  # edits for one attempt
_JUDGED: Final = 300_000  # changes of one value, times the definitions of its schema
_LEAST_JUDGED: Final = 600  # changes, however many definitions there are
_LONGEST: Final = 5_000  # code points of a text that is made longer
_MOST_ITEMS: Final = 200
_MOST_BROKEN: Final = 20  # violations that are looked at
_OF_NUMBERS: Final = frozenset(("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"))
_UNIONS: Final = frozenset(("anyOf", "oneOf", "oneOfNotValid", "oneOfMultipleValid", "unevaluatedProperties"))


@dataclass(frozen=True, slots=True)
class EdgeStep:
    """One change of a good value."""

    pointer: Pointer
    part: JsonValue | Missing  # the value there; MISSING takes the member away
    keyword: str
    detail: str  # in words: "beyond the maximum 10"
    conforms: bool
    around: JsonValue | Missing = MISSING  # the whole value, where the place is none of the value that it starts from


def apply_step(base: JsonValue, pointer: Pointer, part: JsonValue | Missing) -> JsonValue:
    """
    Change a value at one place; the value itself is left alone.

    Args:
        base: The value.
        pointer: Where; a place that is not there leaves everything as it is.
        part: The new value there; MISSING takes the member away.
    """
    if not pointer:
        if isinstance(part, Missing):
            return None
        return part
    if not find_at(base, pointer[:-1])[0]:
        return base
    value, target = _copy_to(base, pointer[:-1])
    last = pointer[-1]
    if isinstance(target, dict):
        if isinstance(part, Missing):
            target.pop(last, None)
        else:
            target[last] = part
    elif isinstance(target, list) and not isinstance(part, Missing) and int(last) < len(target):
        target[int(last)] = part
    return value


def _copy_to(base: JsonValue, pointer: Pointer) -> tuple[JsonValue, JsonValue]:
    """Copy a value as far as a place in it is changed, the rest is shared; return it with its part there."""
    value = target = copy.copy(base)
    for token in pointer:
        if isinstance(target, dict):
            target[token] = below = copy.copy(target[token])
        elif isinstance(target, list):
            target[int(token)] = below = copy.copy(target[int(token)])
        else:
            return value, target
        target = below
    return value, target


def iter_steps(bundle: Bundle, base: JsonValue, judge: Validator, make: Validator | None = None) -> Iterator[EdgeStep]:
    """
    List the steps from a value, the outer places first.

    Args:
        bundle: The schema, as JUDGE reads it.
        base: A value that conforms.
        judge: The validator of the same schema.
        make: The validator of a stricter reading; what is said to conform has to conform to it, too.
    """
    seen: set[tuple[Pointer, str]] = set()
    places: set[Pointer] = set()
    trial = _Trial(base, judge, make)
    most = max(_LEAST_JUDGED, _JUDGED // (1 + len(bundle.origins)))
    for location, here in islice(walk_value(bundle, base), _LOCATIONS):
        places.add(location.pointer)
        if len(places) > _PLACES or len(trial.known) > most:
            return
        for attempt, conforms in _attempts(location, here):
            step = trial.find(attempt, here, conforms=conforms)
            if step is not None and (step.pointer, repr(step.part)) not in seen:
                seen.add((step.pointer, repr(step.part)))
                yield step


def iter_further_steps(
    producer: Producer,
    base: JsonValue,
    kinds: tuple[str, ...],
    taken: Collection[tuple[Pointer, str, bool]],
    between: Callable[[], object] = lambda: None,
) -> Iterator[EdgeStep]:
    """
    List the steps that need a place which a value does not hold, or a value that has to be produced.

    Those are places in other alternatives, in maps and deeper in schemas that refer to themselves, and what breaks
    two assertions of one place at once, because no value breaks one alone.

    Args:
        producer: Of values of the schema.
        base: A value that conforms.
        kinds: `invalid`, `boundary` or both, in this order.
        taken: Places, keywords and `conforms` of the steps that are known.
        between: Is called after each attempt, which may take long.

    Raises:
        SchemaError: the producer can't be used.
    """

    def is_wanted(kind: str, attempt: Attempt) -> bool:
        between()
        return bool(attempt.detail) and (attempt.location.pointer, attempt.keyword, kind != "invalid") not in taken

    subject = EdgeSubject(producer, base, is_proven_twice=False)
    for edge in Catalogue(subject, kinds, wanted=is_wanted):
        value = subject.proof(edge)
        part = find_at(value, edge.pointer)[1]
        yield EdgeStep(edge.pointer, part, edge.keyword, edge.detail, edge.conforms, value)


def _attempts(location: Location, here: JsonValue) -> Iterator[tuple[Attempt, bool]]:
    """Yield the attempts of a place, each with whether it is to conform, without those that a bounded run skips."""
    for attempt in iter_violations(None, location, here):
        if not attempt.detail or (attempt.variant == "null" and not _is_needed(location)):
            continue
        if attempt.keyword not in _OF_NUMBERS or is_type(here, "number"):
            yield attempt, False
    for attempt in iter_boundaries(None, location, here):
        if attempt.detail:
            yield attempt, True


def _is_needed(location: Location) -> bool:
    """Return True if a place has to have a value: many readers take null for an optional member that is absent."""
    while location.step is None and location.parent is not None:
        location = location.parent
    if location.parent is None or isinstance(location.step, int):
        return True
    return any(isinstance(names, list) and location.step in names for names in location.parent.keyword("required"))


@dataclass(frozen=True, slots=True, eq=False)
class _Trial:
    """Tries attempts on one value; what a change breaks is found out once, whichever alternatives it was tried for."""

    base: JsonValue
    judge: Validator
    make: Validator | None
    known: dict[tuple[Pointer, str, bool], list[tuple[str, Pointer]]] = field(
        default_factory=dict
    )  # what changes break

    def find(self, attempt: Attempt, here: JsonValue, *, conforms: bool) -> EdgeStep | None:
        """Return the first edit that does what an attempt is for."""
        place = attempt.location.pointer
        for edit in islice(attempt.edits(), _TRIES):
            part = _edited(here, edit)
            if isinstance(part, Missing):
                continue
            if conforms and isinstance(edit, Drop):
                step = EdgeStep((*place, *edit.names), MISSING, "properties", attempt.detail, conforms)
            else:
                step = EdgeStep(place, part, attempt.keyword, attempt.detail, conforms)
            if self._is_right(step):
                return step
        return None

    def _is_right(self, step: EdgeStep) -> bool:
        """Return True if a step does what it says."""
        key = (step.pointer, repr(step.part), step.conforms)
        if key not in self.known:
            value = apply_step(self.base, step.pointer, step.part)
            if step.conforms and not (self.make is None or self.make.is_valid(value)):
                self.known[key] = [("", ())]
            else:
                self.known[key] = self.judge.broken(value, 1 if step.conforms else _MOST_BROKEN)
        broken = self.known[key]
        if step.conforms:
            return not broken
        return bool(broken) and _breaks_only(broken, step)


def _breaks_only(broken: list[tuple[str, Pointer]], step: EdgeStep) -> bool:
    """Return True if everything that is violated is the keyword of a step, or alternatives around it."""
    wanted = _UNIONS | {step.keyword}
    if step.keyword == "additionalProperties":
        wanted |= {"falseSchema"}
    place = step.pointer
    return all(
        (keyword in wanted or instance != place)
        and (instance[: len(place)] == place or place[: len(instance)] == instance)
        for keyword, instance in broken
    )


def _edited(here: JsonValue, edit: Edit) -> JsonValue | Missing:
    """Return the value of a place with an edit; MISSING where the edit is for another type, or too large to be sent."""
    match edit:
        case Put(str() as text) if len(text) > _LONGEST + 1:
            return MISSING
        case Put(list() as items) if len(items) > _MOST_ITEMS + 1:
            return MISSING
        case Put(value):
            return value
        case Drop(names) if isinstance(here, dict):
            return {name: member for name, member in here.items() if name not in names}
        case Add(members) if isinstance(here, dict) and len(members) <= _MOST_ITEMS + 1:
            return {**here, **dict(members)}
        case Append(items) if isinstance(here, list):
            return [*here, *items]
        case _:
            return MISSING
