"""Fields of real documents: the sample, and what is answered there."""

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from benchmarks.gold.served import Draft, Mock
from mock_server.schema.dialect import Direction, Purpose
from mock_server.schema.sites import Site

OPERATIONS = 60  # of one document, by a fixed stride
_PLENTY = 6  # fields of one answer that are drawn at most
_SHOWN = 2  # examples that are kept
_ANY = "*"  # any item of a list
UNNAMED = "value"  # what an item of an answer that is a list is called


@dataclass(frozen=True)
class Field:
    """One place of an answer that holds a text or a number, which the document leaves open."""

    document: str  # as the manifest calls it
    title: str  # of the operation: `GET /pets/{petId}`
    place: str  # JSON Pointer, `*` for any item
    schema: dict[str, Any]  # all that the document says of it
    around: dict[str, Any]  # the object that it belongs to: itself and the scalars next to it

    @property
    def key(self) -> tuple[str, str, str]:
        """What a label is kept under."""
        return self.document, self.title, self.place


def list_documents(folder: Path) -> list[tuple[str, Path]]:
    """List what the manifest of a folder names: ids and paths."""
    rows = map(json.loads, (folder / "manifest.jsonl").read_text().splitlines())
    return [(row["id"], folder / row["spec"]) for row in rows]


def iter_fields(document: str, mock: Mock) -> Iterator[Field]:
    """Iterate over the open fields of a document's answers; each schema is met once."""
    met: set[str] = set()
    for draft in mock.drafts(OPERATIONS):
        body = answer_of(mock, draft, dynamic=True)
        outline = _outline(mock, draft)
        if body is None or outline is None:
            continue
        for place, site, around in _open_places(body, outline, (), None):
            said = merged(site)
            name = next((step for step in reversed(place) if step != _ANY), "")
            known = json.dumps([name, said], sort_keys=True)
            if known in met:
                continue
            met.add(known)
            yield Field(document, draft.title, "/" + "/".join(place), said, _object(around, name, said))


def draw(fields: list[Field], count: int, seed: int) -> list[Field]:
    """Draw some fields of one document, of any one answer only a few."""
    shuffled = fields[:]
    random.Random(seed).shuffle(shuffled)
    drawn: list[Field] = []
    of_title: dict[str, int] = {}
    for field in shuffled:
        of_title[field.title] = of_title.get(field.title, 0) + 1
        if of_title[field.title] <= _PLENTY:
            drawn.append(field)
    return sorted(drawn[:count], key=lambda field: field.key)


def answer_of(mock: Mock, draft: Draft, *, dynamic: bool) -> Any:
    """Ask one operation, and read its answer; None unless it is JSON of success."""
    fields = [*draft.ask.fields, *([(b"prefer", b"dynamic=true")] if dynamic else [])]
    text = mock.answer(type(draft.ask)(draft.ask.method, draft.ask.path, draft.ask.query, fields, draft.ask.body))
    head, _, body = text.partition("\n\n")
    if not head.startswith("2"):
        return None
    try:
        return json.loads(body)
    except ValueError:
        return None


def sent_values(draft: Draft) -> list[Any]:
    """List what the request sent, in JSON or as a form: answers repeat it."""
    try:
        sent = json.loads(draft.ask.body)
    except ValueError:
        return [value for values in parse_qs(draft.ask.body.decode("latin-1")).values() for value in values]
    return list(sent.values()) if isinstance(sent, dict) else []


def value_at(body: Any, place: str) -> list[Any]:
    """Read the scalar values at a place, of the first items of lists."""
    found = [body]
    for step in place.split("/")[1:]:
        below: list[Any] = []
        for value in found:
            if step == _ANY and isinstance(value, list):
                below += value[:_SHOWN]
            elif isinstance(value, dict) and step in value:
                below.append(value[step])
        found = below
    return [value for value in found if isinstance(value, str | int | float) and not isinstance(value, bool)]


def merged(site: Site) -> dict[str, Any]:
    """Merge what is said of a place, the nearest first."""
    said: dict[str, Any] = {}
    for source in site.sources:
        for keyword, value in source.items():
            if keyword not in {"$ref", "allOf", "anyOf", "oneOf", "properties", "items"}:
                said.setdefault(keyword, value)
    return said


def _outline(mock: Mock, draft: Draft) -> Site | None:
    document = mock.responder.document
    entry = next(each for each in document.entries if each.title == draft.title)
    for response in document.operation(entry).responses:
        for media in response.content:
            if response.status.startswith("2") and "json" in media.name and media.schema is not None:
                return mock.responder.kit.outline(media.schema, Direction.RESPONSE, Purpose.MAKE)
    return None


def _open_places(
    value: Any, site: Site, place: tuple[str, ...], around: Site | None
) -> Iterator[tuple[tuple[str, ...], Site, Site | None]]:
    if isinstance(value, dict):
        for name, member in value.items():
            if name in site.names and "/" not in name:
                yield from _open_places(member, site.member(name), (*place, name), site)
    elif isinstance(value, list):
        for item in value[:1]:
            yield from _open_places(item, site.item(), (*place, _ANY), around)
    elif isinstance(value, str | int | float) and not isinstance(value, bool) and place and _is_open(site):
        yield place, site, around


def _is_open(site: Site) -> bool:
    """Whether the document says nothing that leaves but one or a few values."""
    return not any("enum" in source or "const" in source for source in site.sources)


def _object(around: Site | None, name: str, said: dict[str, Any]) -> dict[str, Any]:
    """Write the object that a field belongs to as a schema of its own, with the scalars next to it."""
    properties = {}
    for other in around.names if around is not None else ():
        own = around.member(other) if around is not None else Site()
        if not own.types & {"object", "array"}:
            properties[other] = merged(own)
    properties[name or UNNAMED] = said
    return {"type": "object", "required": sorted(properties), "properties": properties}


def field_at(mock: Mock, draft: Draft, key: tuple[str, str, str]) -> Field:
    """Make the field of a key."""
    site, around = _outline(mock, draft), None
    steps = key[2].split("/")[1:]
    for step in steps:
        if site is None:
            break
        if step == _ANY:
            site = site.item()
        else:
            site, around = site.member(step), site
    name = next((step for step in reversed(steps) if step != _ANY), "")
    said = merged(site or Site())
    return Field(*key, said, _object(around, name, said))
