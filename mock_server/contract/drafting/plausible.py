"""
Values that a provider is likely to take, put into a draft where the document allows them.

- What refers to a known thing (`toolId`, `tool_id`, `tool.id`) takes its id.
- Names, slugs and ids of one's own are plain, and new each time: `[a-z][a-z0-9]{4,8}`.
- Ends and expiries are in the future, and so after their starts.
- Where a description shows a value (`e.g. "example.com."`), names are made like it.
"""

import re
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from mock_server.contract.api import OperationUnderTest
from mock_server.contract.knowledge.memory import CREATING, Memory
from mock_server.contract.knowledge.templates import collection_word
from mock_server.document.document import template_names
from mock_server.document.model import MediaType, Missing, Parameter, ParameterLocation
from mock_server.generate.edges.steps import apply_step
from mock_server.generate.request import RequestDraft
from mock_server.generate.seed import derive_random, derive_seed
from mock_server.json_values import JsonValue, Pointer
from mock_server.names import joined, singular, split_words
from mock_server.schema.dialect import Direction, Purpose
from mock_server.schema.formats import FORMATS, Format
from mock_server.schema.sites import Site
from mock_server.schema.validate import Validator

_ENDS: Final = frozenset(
    ("end", "ends", "until", "expires", "expiry", "expiration", "expire", "due", "deadline", "to", "stop", "valid")
)
_FUTURE: Final = "2036"  # a leap year, as any date may be moved to
IDENTIFYING: Final = frozenset(
    (
        "name",
        "slug",
        "key",
        "login",
        "username",
        "user",
        "handle",
        "alias",
        "identifier",
        "id",
        "title",
        "label",
        "role",
    )
)
_IDS: Final = frozenset(("id", "uuid", "guid", "key"))
_QUOTED = "[\"'`\u201c\u2018]([^\"'`\u201c\u201d\u2018\u2019]{1,80})[\"'`\u201d\u2019]"
_SHOWN = re.compile(r"(?:e\.g\.|eg\.|for example|for instance|such as|example:|like)[,:]?\s*" + _QUOTED, re.IGNORECASE)
_ENUMERATED = re.compile("[\"'`\u201c\u2018]([A-Za-z0-9][\\w.:/+-]{0,59})[\"'`\u201d\u2019]")
_WORD = re.compile(r"[A-Za-z0-9]+")
# `Kernel spec name`, `The id of the flow`
_NAMED_NOUN = re.compile(
    r"(?:the |an? )?(?:(?:name|id|uuid|identifier|key|slug) of (?:the |an? )?(?P<after>\w+(?: \w+)?)"
    r"|(?P<before>\w+(?: \w+)?) (?:name|id|uuid|identifier|key|slug))\b",
    re.IGNORECASE,
)
_LETTERS: Final = "abcdefghijklmnopqrstuvwxyz"
_MOST_DEPTH = 8


def plain_word(seed: int) -> str:
    """Make a name that any rule for names lets through."""
    chance = derive_random(seed)
    return chance.choice(_LETTERS) + "".join(chance.choices(_LETTERS + "23456789", k=chance.randint(5, 8)))


def shown_in(description: JsonValue) -> str | None:
    """Return the value that a description shows: `example.com.` of `Name of the zone (e.g. "example.com.")`."""
    found = _SHOWN.search(description) if isinstance(description, str) else None
    if found is None:
        return None
    return found.group(1)


def noun_in(description: JsonValue) -> str:
    """Return the noun of what a description says is named: `kernelspec` of `Kernel spec name`; empty for none."""
    found = _NAMED_NOUN.match(description) if isinstance(description, str) else None
    return joined(found.group("before") or found.group("after")) if found is not None else ""


def iter_shown(description: JsonValue) -> Iterator[str]:
    """Yield the values that a description shows: an example, then those that it lists in quotes."""
    shown = shown_in(description)
    if shown is not None:
        yield shown
    listed = _ENUMERATED.findall(description) if isinstance(description, str) else []
    if len(listed) > 1:
        yield from listed


@dataclass(frozen=True, slots=True)
class Plausible:
    """Makes the drafts of one operation plausible."""

    subject: OperationUnderTest
    memory: Memory

    def settle(self, draft: RequestDraft, *turn: str | int) -> RequestDraft:
        """
        Put plausible values into a draft.

        Args:
            draft: As it was drawn.
            turn: What makes the names of this draft differ from those of others.
        """
        for parameter in self.subject.operation.parameters:
            key = (parameter.location, parameter.name)
            if parameter.location is ParameterLocation.PATH and key in draft.parameters:
                value = self._of_path(parameter, draft.parameters[key], derive_seed(self._seed, parameter.name, *turn))
                draft = draft.with_parameter(key, value)
        if draft.media is None or isinstance(draft.body, Missing):
            return draft
        return draft.with_body(self.settle_body(draft, draft.media, draft.body, *turn))

    @property
    def _seed(self) -> int:
        return derive_seed(self.subject.api.kit.settings.seed, "plausible", self.subject.entry.id)

    def _of_path(self, parameter: Parameter, value: JsonValue, seed: int) -> JsonValue:
        """Return a plain word for a text in the path that nothing is known of."""
        if not isinstance(value, str) or self.subject.drafter.known(parameter) or parameter.examples:
            return value
        reading = self.subject.api.reading(parameter.schema) if parameter.schema is not None else None
        if reading is None:
            return value
        site = self.subject.api.kit.outline(parameter.schema, Direction.REQUEST, Purpose.MAKE)  # type: ignore[arg-type]
        if any(site.annotation(keyword) is not None for keyword in ("format", "examples", "default")):
            return value
        word = plain_word(seed)
        if reading.make.is_valid(word):
            self.memory.drawn.add(word)
            return word
        return value

    def settle_body(self, draft: RequestDraft, media: MediaType, body: JsonValue, *turn: str | int) -> JsonValue:
        """Put plausible values into a body; each only where the whole stays right."""
        schema = media.schema
        reading = self.subject.api.reading(schema) if schema is not None else None
        if schema is None or reading is None or not isinstance(body, dict | list):
            return body
        site = self.subject.api.kit.outline(schema, Direction.REQUEST, Purpose.MAKE)
        is_shown = any(example.value == body for example in media.examples)
        scene = _BodyScene(self, draft, is_shown, derive_seed(self._seed, "body", *turn))
        return scene.settle(body, site, reading.make)


@dataclass(frozen=True, slots=True)
class _BodyScene:
    """One body that is made plausible."""

    maker: Plausible
    draft: RequestDraft
    is_shown: bool  # it is an example of the document, whose names stay
    seed: int

    def settle(self, body: JsonValue, site: Site, validator: Validator) -> JsonValue:
        for pointer, leaf in list(iter_leaves(body, site)):
            for candidate in self._candidates(pointer, leaf):
                changed = apply_step(body, pointer, candidate)
                if validator.is_valid(changed):
                    body = changed
                    break
        return body

    def _candidates(self, pointer: Pointer, leaf: "BodyLeaf") -> Iterator[JsonValue]:
        yield from self._references(pointer, leaf)
        words = split_words(leaf.name)
        if not isinstance(leaf.value, str) or not words:
            return
        record = _format_of(leaf)
        if record is not None and record.has_day and not _ENDS.isdisjoint(words) and leaf.value[:4].isdigit():
            if leaf.value[:4] < _FUTURE:
                yield _FUTURE + leaf.value[4:]
            return
        if self.is_shown or any(leaf.site.annotation(keyword) is not None for keyword in ("enum", "const")):
            return
        seed = derive_seed(self.seed, *pointer)
        if record is FORMATS["uuid"] and words == ("id",):
            yield self._noted(str(uuid.UUID(int=derive_random(seed).getrandbits(128), version=4)))
        elif leaf.site.annotation("format") is None and (singular(words[-1]) in IDENTIFYING or not pointer):
            shown = shown_in(leaf.site.annotation("description"))
            if shown is not None:
                yield self._noted(_WORD.sub(plain_word(seed), shown, count=1))
            if leaf.site.annotation("examples") is None:
                yield self._noted(plain_word(seed))
        elif shown := shown_in(leaf.site.annotation("description")):
            yield shown

    def _noted(self, name: str) -> str:
        self.maker.memory.drawn.add(name)
        return name

    def _references(self, pointer: Pointer, leaf: "BodyLeaf") -> Iterator[JsonValue]:
        """Yield the ids of things that a property may refer to: those around it in the path first."""
        memory, entry = self.maker.memory, self.maker.subject.entry
        around = {
            joined(name): value
            for (location, name), value in self.draft.parameters.items()
            if location is ParameterLocation.PATH and len(split_words(name)) > 1
        }
        name = leaf.name
        if joined(name) in around:
            yield around[joined(name)]
        if joined(name) in _IDS and len(pointer) > 1 and not pointer[-2].isdigit():
            name = f"{pointer[-2]} {name}"
        only = memory.changes(entry)
        if joined(name) in _IDS | {"name"}:
            noun = noun_in(leaf.site.annotation("description"))
            if noun and noun != collection_word(entry.template):
                yield from (value for value in memory.references(noun, created_only=only) if _fits_format(value, leaf))
        if joined(name) in _IDS | {"name"} and len(pointer) == 1:
            yield from (value for value in self._of_call() if _fits_format(value, leaf))
            return
        yield from (value for value in memory.references(name, created_only=only) if _fits_format(value, leaf))

    def _of_call(self) -> Iterator[JsonValue]:
        """Yield what the id in the body of a call may name: `POST /user/get` that of a user, which this run made."""
        memory, entry = self.maker.memory, self.maker.subject.entry
        words = [word for segment in entry.template.split("/") for word in split_words(segment)]
        if entry.method != "POST" or memory.creates(entry) or template_names(entry.template):
            return
        if not CREATING.isdisjoint(words[-1:]):
            return
        for word in reversed(words):
            yield from memory.references(word, created_only=True)


def _format_of(leaf: "BodyLeaf") -> Format | None:
    name = leaf.site.annotation("format")
    return FORMATS.get(name) if isinstance(name, str) else None


def _fits_format(value: JsonValue, leaf: "BodyLeaf") -> bool:
    """Return whether a reference is of the kind of a value: digits where `int64` is written as text."""
    if type(value) is not type(leaf.value):
        return False
    record = _format_of(leaf)
    return record is None or record.bounds is None or str(value).lstrip("-").isdigit()


@dataclass(frozen=True, slots=True)
class BodyLeaf:
    """A text, a number or a truth value in a body."""

    name: str  # of the property; of the list, for an item
    value: JsonValue
    site: Site


def iter_leaves(
    value: JsonValue, site: Site, name: str = "", pointer: Pointer = ()
) -> Iterator[tuple[Pointer, BodyLeaf]]:
    """Yield the places of a body that hold neither an object nor a list, with what is documented there."""
    if len(pointer) > _MOST_DEPTH:
        return
    if isinstance(value, dict):
        for key, member in value.items():
            yield from iter_leaves(member, site.member(key), key, (*pointer, key))
    elif isinstance(value, list):
        for index, item in enumerate(value[:3]):
            yield from iter_leaves(item, site.item(index), name, (*pointer, str(index)))
    else:
        yield pointer, BodyLeaf(name, value, site)
