"""The things that state keeps, looked at and changed by hand: judged by the document as its answers show them."""

import re
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import quote, unquote

from mock_server.errors import UsageError
from mock_server.finding import Finding
from mock_server.generate.draft import Drafter, encode, request_outlines
from mock_server.serve.answer import Answer
from mock_server.serve.backend import Backend
from mock_server.serve.respond import Responder
from mock_server.serve.state.answering import State
from mock_server.serve.state.envelope import project, put
from mock_server.serve.state.fitting import Fitting
from mock_server.serve.state.keys import text_of
from mock_server.serve.state.resource import Act, Deed, Resource
from mock_server.serve.state.store import Conflict, Record
from mock_server.serve.state.writes import forget
from mock_server.serve.world import World
from mock_server.spec.model import Location
from mock_server.typing import JsonObject, JsonValue

_VARIABLE: Final = re.compile(r"\{([^{}]*)\}")


@dataclass(frozen=True, slots=True)
class Kept:
    """A resource of one document, and who keeps it."""

    index: int  # of the document
    state: State
    resource: Resource

    @property
    def responder(self) -> Responder:
        """Who answers for the document."""
        return self.state.responder

    @property
    def is_rooted(self) -> bool:
        """Whether there is one collection only, that belongs to nobody."""
        return "{" not in self.resource.template

    def shows(self) -> Deed | None:
        """By which operation it is shown."""
        deeds = self.resource.deeds
        return next((deeds[act] for act in (Act.READ, Act.LIST, Act.CREATE) if act in deeds and not deeds[act].chosen.is_empty), None)

    def methods(self) -> tuple[str, ...]:
        """What can be done with it over HTTP."""
        return tuple(dict.fromkeys(deed.operation.method for deed in self.resource.deeds.values()))


def kept_of(backend: Backend) -> list[Kept]:
    """All resources that have state."""
    return [
        Kept(index, source, resource)
        for index, mount in enumerate(backend.mounts)
        for source in mount.responder.sources
        if isinstance(source, State)
        for resource in source.inferred.resources
    ]


def collections_of(kept: Kept, world: World) -> list[str]:
    """The collections of a resource that somebody asked for, by their concrete paths; the only one, where there is but one."""
    if kept.is_rooted:
        return [kept.resource.template]
    known = kept.state.store.snapshot(world.name)
    return sorted(path for path in known if variables_of(kept.resource, path) is not None) if isinstance(known, dict) else []


def variables_of(resource: Resource, collection: str) -> dict[str, str] | None:
    """The path variables of a concrete path; None where it is of another resource."""
    pattern = "".join(
        f"(?P<v{index // 2}>[^/]+)" if index % 2 else re.escape(part) for index, part in enumerate(_VARIABLE.split(resource.template))
    )
    match = re.fullmatch(pattern, collection)
    if match is None:
        return None
    return {name: unquote(match[f"v{index}"]) for index, name in enumerate(_VARIABLE.findall(resource.template))}


def under(kept: Kept, all_kept: list[Kept], collection: str, key: str) -> Iterator[tuple[Kept, str]]:
    """The collections that belong to a thing."""
    for other in all_kept:
        owner = other.resource.owners[-1] if other.resource.owners else None
        if other.index == kept.index and owner is not None and owner.resource == kept.resource.name:
            variables = {**(variables_of(kept.resource, collection) or {}), owner.variable: key}
            yield other, _fill(other.resource.template, variables)


def _fill(template: str, variables: dict[str, str]) -> str:
    return _VARIABLE.sub(lambda match: quote(variables.get(match[1], ""), safe=""), template)


def open_collection(kept: Kept, collection: str, world: World) -> list[Record]:
    """
    Everything in a collection; what is there in the beginning is put in as by who asks first.

    Raises:
        UsageError: the path is of another resource, or the document does not answer for it.
    """
    variables = variables_of(kept.resource, collection)
    if variables is None:
        raise UsageError(f"{collection!r} is no collection of {kept.resource.name}")
    deed = kept.resource.deeds.get(Act.LIST) or (kept.resource.deeds.get(Act.READ) if kept.resource.single else None)
    if deed is not None:
        answer = _ask(kept.responder, deed, variables, world)
        if answer.status >= 500:  # noqa: PLR2004
            raise UsageError(answer.body.decode("utf-8", "replace"))
    return kept.state.store.all(world.name, collection)


def _ask(responder: Responder, deed: Deed, variables: dict[str, str], world: World) -> Answer:
    draft = Drafter(responder.kit, deed.operation).draft()
    for name, value in variables.items():
        draft = draft.with_parameter((Location.PATH, name), value)
    base = responder.base_paths(deed.operation.entry)[0]
    return responder.respond(encode(draft, base, request_outlines(responder.kit), responder.document.schemes), world)


def judge(kept: Kept, thing: JsonObject) -> tuple[tuple[Finding, ...], tuple[str, ...]]:
    """
    Judge a thing by the schema of the answer that shows it.

    Returns:
        What is wrong, places counted from the thing; and the properties that no answer shows.
    """
    deed = kept.shows()
    if deed is None:
        return (), ()
    fitting = Fitting(kept.responder, kept.resource, deed)
    represented = fitting.reply.representation(None)
    listed = deed.act is Act.LIST
    spot = None if represented is None else fitting.list_spot(represented) if listed else fitting.thing_spot(represented)
    if represented is None or spot is None:
        return (), ()
    item = project(thing, spot.outline)
    prefix = ("body", *spot.pointer, *(("0",) if listed else ()))
    found = fitting.judge.judge_value(represented.media_type, put({}, spot.pointer, [item] if listed else item))
    inside = tuple(f for f in found if (f.instance or ())[: len(prefix)] == prefix)
    dropped = tuple(name for name in thing if isinstance(item, dict) and name not in item)
    return tuple(replace(f, instance=(f.instance or ())[len(prefix) :]) for f in inside), dropped


def save(kept: Kept, collection: str, world: World, key: str, version: int, thing: JsonObject) -> Record:
    """
    Change a thing.

    Raises:
        UsageError: it is gone, somebody else changed it, or it would get another key.
    """
    store = kept.state.store
    record = store.find(world.name, collection, key)
    if record is None or record.body is None:
        raise UsageError("it was deleted in the meantime")
    if record.version != version:
        raise UsageError("somebody else changed it in the meantime; load it again to see how")
    own = kept.resource.key
    if own is not None and not kept.resource.single and text_of(thing.get(own)) != key:
        raise UsageError(f"{own!r} tells it apart from others and stays {key!r}; create another thing instead")
    try:
        return store.replace(world.name, collection, record, thing)
    except Conflict as error:
        raise UsageError("somebody else changed it in the meantime; load it again to see how") from error


def create(kept: Kept, collection: str, world: World, thing: JsonObject) -> Record:
    """
    Put a new thing in.

    Raises:
        UsageError: it has no key, or there is one with this key.
    """
    store, own = kept.state.store, kept.resource.key
    number = store.number(world.name, collection)
    key = text_of(thing.get(own)) if own is not None else f"n{number}"
    if not key:
        raise UsageError(f"it needs {own!r}, which tells it apart from others")
    known = store.find(world.name, collection, key)
    if known is not None and known.body is not None:
        raise UsageError(f"there is one with {own or 'the key'} {key!r} already")
    record = Record(key, 1, number, thing, {})
    try:
        store.insert(world.name, collection, record)
    except Conflict as error:
        raise UsageError(f"there is one with {own or 'the key'} {key!r} already") from error
    return record


def remove(kept: Kept, collection: str, world: World, key: str) -> None:
    """
    Delete a thing and what belongs to it.

    Raises:
        UsageError: somebody else was faster.
    """
    record = kept.state.store.find(world.name, collection, key)
    if record is None or record.body is None:
        return
    try:
        forget(kept.state.store, world.name, kept.resource, collection, record)
    except Conflict as error:
        raise UsageError("somebody else changed it in the meantime") from error


def pattern_of(kept: Kept, records: list[Record]) -> JsonObject:
    """Something to begin a new thing with: the last one, under another key."""
    like = next((record.body for record in reversed(records) if record.body is not None), None)
    key = kept.resource.key
    if like is None:
        return {key: 1} if key is not None else {}
    return {**like, key: _another(like.get(key), records)} if key is not None else dict(like)


def _another(value: JsonValue, records: list[Record]) -> JsonValue:
    if isinstance(value, int) and not isinstance(value, bool):
        return max((int(record.key) for record in records if record.key.isdecimal()), default=0) + 1
    text = str(value)
    return str(uuid.uuid4()) if re.fullmatch(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", text) else f"{text}-2"


def preview(record: Record, most: int = 5) -> list[tuple[str, JsonValue]]:
    """The first few of its properties that are no objects or lists."""
    plain: list[tuple[str, JsonValue]] = [
        (name, value) for name, value in (record.body or {}).items() if not isinstance(value, dict | list)
    ]
    return plain[:most]
