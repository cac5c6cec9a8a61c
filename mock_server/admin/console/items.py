"""The things that state keeps, as the console shows and edits them: judged by the document as its answers show them."""

import re
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from mock_server.findings import Finding
from mock_server.generate.envelope import Shape, project, put
from mock_server.json_values import JsonObject, JsonValue
from mock_server.server.backend import Backend
from mock_server.state.representation import ItemRepresentation
from mock_server.state.resources import Action, Binding, Resource
from mock_server.state.source import StateSource
from mock_server.state.store import Record

_METHODS = ("GET", "HEAD", "QUERY", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE")


@dataclass(frozen=True, slots=True)
class ShownResource:
    """A resource of one document, and who keeps it."""

    index: int  # of the document
    state: StateSource
    resource: Resource

    @property
    def root(self) -> str:
        """The path of its only collection; a template, where it has several."""
        return self.state.collection(self.resource.template, {})

    def shows(self) -> Binding | None:
        """By which operation it is shown."""
        deeds = self.resource.deeds
        return next(
            (
                deeds[act]
                for act in (Action.READ, Action.LIST, Action.CREATE)
                if act in deeds and not deeds[act].chosen.is_empty
            ),
            None,
        )

    def methods(self) -> tuple[str, ...]:
        """Return what can be done with it over HTTP."""
        return tuple(sorted({deed.operation.method for deed in self.resource.deeds.values()}, key=_METHODS.index))


def kept_of(backend: Backend) -> list[ShownResource]:
    """Return all resources that have state."""
    return [
        ShownResource(index, source, resource)
        for index, mount in enumerate(backend.mounts)
        for source in mount.responder.sources
        if isinstance(source, StateSource)
        for resource in source.inferred.resources
    ]


def judge(kept: ShownResource, thing: JsonObject) -> tuple[tuple[Finding, ...], tuple[str, ...]]:
    """
    Judge a thing by the schema of the answer that shows it.

    Returns:
        What is wrong, places counted from the thing; and the properties that no answer shows.
    """
    deed = kept.shows()
    if deed is None:
        return (), ()
    fitting = ItemRepresentation(kept.state.responder, kept.resource, deed)
    represented = fitting.reply.representation(None)
    listed = deed.act is Action.LIST
    spot = (
        None if represented is None else fitting.list_spot(represented) if listed else fitting.thing_spot(represented)
    )
    if represented is None or spot is None:
        return (), ()
    item = project(thing, spot.outline)
    step = "key" if spot.shape is Shape.MAP else "0"
    prefix = ("body", *spot.pointer, *((step,) if listed else ()))
    found = fitting.judge.judge_value(
        represented.media_type, put({}, spot.pointer, spot.gather([(step, item)]) if listed else item)
    )
    inside = tuple(f for f in found if (f.instance or ())[: len(prefix)] == prefix)
    dropped = tuple(name for name in thing if isinstance(item, dict) and name not in item)
    return tuple(f._replace(instance=(f.instance or ())[len(prefix) :]) for f in inside), dropped


def pattern_of(kept: ShownResource, records: Sequence[Record]) -> JsonObject:
    """Something to begin a new thing with: the last one, under another key."""
    like = next((record.body for record in reversed(records) if record.body is not None), None)
    key = kept.resource.key
    if like is None:
        if key is not None:
            return kept.resource.with_key({}, 1)
        return {}
    if key is not None:
        return kept.resource.with_key(like, _another(kept.resource.key_of(like), records))
    return dict(like)


def _another(value: JsonValue, records: Sequence[Record]) -> JsonValue:
    if isinstance(value, int) and not isinstance(value, bool):
        return max((int(record.key) for record in records if record.key.isdecimal()), default=0) + 1
    text = str(value)
    if re.fullmatch(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", text):
        return str(uuid.uuid4())
    return f"{text}-2"


def preview(record: Record, most: int = 5) -> list[tuple[str, JsonValue]]:
    """Return the first few of its properties that are no objects or lists."""
    plain: list[tuple[str, JsonValue]] = [
        (name, value) for name, value in (record.body or {}).items() if not isinstance(value, dict | list)
    ]
    return plain[:most]
