"""
Reading of refusals: the words of the body, and the parts of the request that it names.

A part is named by a pointer or path in a member of the body (`loc`, `field`, `pointer`, …), by its name in the words,
or by its value, as in `DNS Name 'x' is not canonical`.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from mock_server.contract.api import OperationUnderTest
from mock_server.contract.knowledge.observed import json_of
from mock_server.contract.model import Exchanged
from mock_server.document.model import Missing
from mock_server.exchange.message import Response
from mock_server.generate.request import RequestDraft
from mock_server.json_values import JsonValue, Pointer, find_at
from mock_server.names import joined, split_words
from mock_server.schema.dialect import Direction, Purpose
from mock_server.schema.sites import Site

_MOST_TEXT = 4_000  # characters
_MOST_TEXTS = 8
_MOST_PLACES = 200  # of a body that are documented
_DEEPEST = 4
# Members of errors that say where something is wrong.
_PLACES: Final = frozenset(
    ("loc", "location", "field", "pointer", "path", "property", "param", "parameter", "attribute", "instancepath",
     "datapath", "fieldname", "propertypath", "source", "name", "target", "key")
)  # fmt: skip
# Names that are words as well: these count only where they are quoted, or something is said of them.
_COMMON: Final = frozenset(
    ("value", "name", "type", "id", "data", "key", "error", "message", "code", "status", "description", "body", "url",
     "version", "object", "field", "not", "is", "the", "a", "to", "of", "in", "time", "kind", "state", "default")
)  # fmt: skip
_SAID_OF: Final = r"(?:\W{{0,3}}(?:is|are|must|can(?:no|')t|should|was|required|missing|field|parameter|property)\b)"


@dataclass(frozen=True, slots=True)
class NamedPart:
    """A part of a request that a refusal names."""

    where: Pointer  # ("body", "name") or ("query", "limit")
    words: str  # in which it is named


@dataclass(frozen=True, slots=True)
class RefusedRequest:
    """The content of a refusal."""

    status: int
    texts: tuple[str, ...]  # what is written in it, the longest first
    named: tuple[NamedPart, ...]

    @property
    def summary(self) -> str:
        """The words of it in one short line; empty where there are none."""
        if not self.texts:
            return ""
        return " ".join(self.texts[0].split())[:160]


def read_refusal(subject: OperationUnderTest, exchanged: Exchanged) -> RefusedRequest:
    """Read the refusal of a request that was drafted."""
    response, draft = exchanged.received.response, exchanged.probe.draft
    if response is None or draft is None:
        return RefusedRequest(exchanged.status, (), ())
    body = json_of(response)
    said = sorted(_texts(body, response), key=lambda text: (" " not in text, -len(text)))
    texts = tuple(dict.fromkeys(said))[:_MOST_TEXTS]
    found: dict[Pointer, str] = {}
    places = dict(_documented(subject, draft))
    for place, words in _pointed(body):
        where = _locate(place, places)
        if where is not None:
            found.setdefault(where, words)
    for text in texts:
        for where in places:
            if where not in found and _is_named(where[-1], text):
                found[where] = text
        for where, value in _values(draft):
            if where not in found and where[:-1] not in found and _has_value(value, text):
                found[where] = text
    return RefusedRequest(exchanged.status, texts, tuple(NamedPart(where, words) for where, words in found.items()))


def _texts(body: JsonValue, response: Response) -> Iterator[str]:
    if body is None:
        text = response.body[:_MOST_TEXT].decode("utf-8", "replace").strip()
        if text and not text.startswith("<"):
            yield text
        return
    yield from _words(body)


def _words(value: JsonValue, depth: int = 6) -> Iterator[str]:
    if isinstance(value, str):
        if len(value) > 2:  # noqa: PLR2004 - what is shorter says nothing
            yield value[:_MOST_TEXT]
    elif isinstance(value, dict) and depth:
        for member in value.values():
            yield from _words(member, depth - 1)
    elif isinstance(value, list) and depth:
        for item in value[:20]:
            yield from _words(item, depth - 1)


def _pointed(value: JsonValue, depth: int = 6) -> Iterator[tuple[Pointer, str]]:
    """Yield the places that members of an error name, each with what is said of it."""
    if isinstance(value, list) and depth:
        for item in value[:20]:
            yield from _pointed(item, depth - 1)
    if not isinstance(value, dict) or not depth:
        return
    said = " ".join(text for text in value.values() if isinstance(text, str))
    for name, member in value.items():
        if joined(name) in _PLACES and isinstance(member, str):
            yield tuple(re.split(r"[./\[\]]+", member.strip("$#/.]"))), said
        elif joined(name) in _PLACES and isinstance(member, list) and all(isinstance(i, str | int) for i in member):
            yield tuple(map(str, member)), said
        elif isinstance(member, dict | list):
            # `{"errors": {"name": ["is too short"]}}`
            listed = member if isinstance(member, list) else []
            if listed and all(isinstance(item, str) for item in listed):
                yield (name,), f"{name} {' '.join(map(str, listed))}"
            yield from _pointed(member, depth - 1)


def _locate(place: Pointer, places: dict[Pointer, Site | None]) -> Pointer | None:
    """Find the part of a request that a place means: by its last names."""
    named = tuple(token for token in place if token)
    for size in range(min(len(named), 4), 0, -1):
        tail = named[-size:]
        for where in places:
            if where[-size:] == tail or tuple(map(joined, where[-size:])) == tuple(map(joined, tail)):
                return where
    return None


def _documented(subject: OperationUnderTest, draft: RequestDraft) -> Iterator[tuple[Pointer, Site | None]]:
    """Yield the parts that a request may have, the outer ones first."""
    for parameter in subject.operation.parameters:
        yield (parameter.location.value, parameter.name), None
    schema = draft.media.schema if draft.media is not None else None
    if schema is None:
        return
    root = subject.api.kit.outline(schema, Direction.REQUEST, Purpose.MAKE)
    todo: list[tuple[Pointer, Site]] = [(("body",), root)]
    for _ in range(_MOST_PLACES):
        if not todo:
            return
        where, site = todo.pop(0)
        if len(where) > 1:
            yield where, site
        if len(where) > _DEEPEST:
            continue
        todo.extend(((*where, name), site.member(name)) for name in site.names)
        inner = site.item(0)
        if inner.names:
            todo.extend(((*where, "0", name), inner.member(name)) for name in inner.names)


def _is_named(name: str, text: str) -> bool:
    """Return whether words name a part: `max_size`, `maxSize` and `max size` are one."""
    if name.isdigit() or len(name) < 2:  # noqa: PLR2004 - an index, or a letter that is everywhere
        return False
    exact = re.escape(name)
    if re.search(rf"[\"'`.\[\u201c]{exact}[\"'`\].\u201d]", text):
        return True
    if name.lower() in _COMMON:
        return re.search(rf"(?<![\w-]){exact}{_SAID_OF.format()}", text, re.IGNORECASE) is not None
    if re.search(rf"(?<![\w-]){exact}(?![\w-])", text):
        return True
    words = split_words(name)
    return len(words) > 1 and re.search(rf"\b{'[ _-]?'.join(map(re.escape, words))}\b", text, re.IGNORECASE) is not None


def _values(draft: RequestDraft) -> Iterator[tuple[Pointer, JsonValue]]:
    """Yield the texts and numbers of a request, with their places."""
    for (location, name), value in draft.parameters.items():
        yield (location.value, name), value
    if not isinstance(draft.body, Missing):
        yield from _leaves(draft.body, ("body",))


def _leaves(value: JsonValue, where: Pointer) -> Iterator[tuple[Pointer, JsonValue]]:
    if len(where) > _DEEPEST + 2:
        return
    if isinstance(value, dict):
        for name, member in value.items():
            yield from _leaves(member, (*where, name))
    elif isinstance(value, list):
        for index, item in enumerate(value[:5]):
            yield from _leaves(item, (*where, str(index)))
    else:
        yield where, value


def _has_value(value: JsonValue, text: str) -> bool:
    """Return whether words repeat a value, quoted or by itself."""
    if isinstance(value, bool) or not isinstance(value, str | int | float) or len(str(value)) < 3:  # noqa: PLR2004
        return False
    return re.search(rf"(?<!\w){re.escape(str(value))}(?!\w)", text) is not None


def value_at(draft: RequestDraft, where: Pointer) -> tuple[bool, JsonValue]:
    """Return whether a draft has a part, and its value."""
    if where[0] != "body":
        found = {(location.value, name): value for (location, name), value in draft.parameters.items()}
        key = (where[0], where[1])
        return key in found, found.get(key)
    if isinstance(draft.body, Missing):
        return False, None
    return find_at(draft.body, where[1:])
