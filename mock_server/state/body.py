"""
What becomes of what a client sends: new things, replaced things, changed things.

A server sets what the client can't: keys, moments, and the properties that only answers have. What a client may leave
out has its default, is false, is null, or is left out, in this order, as far as the document lets it.
"""

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from mock_server.document.model import Missing, ParameterLocation
from mock_server.exchange.media_type import is_json, parse_media_type
from mock_server.generate.envelope import Shape, is_array, is_object, shown, take
from mock_server.generate.seed import derive_seed
from mock_server.json_values import JsonObject, JsonValue
from mock_server.names import joined
from mock_server.respond.representation import RequestContext
from mock_server.schema.dialect import Direction, Purpose
from mock_server.schema.outline import Outline
from mock_server.state.patch import PatchError, apply, is_json_patch, merge
from mock_server.state.resources import Action, Binding, Resource, text_of
from mock_server.state.seeds import CollectionPath, ItemRepresentations, Seeds, thing_place

_MADE: Final = frozenset(("created", "createdat", "createdon", "createddate", "creationdate", "creationtime", "datecreated", "createtime",
                          "inserted", "insertedat", "registeredat", "addedat"))  # fmt: skip
_CHANGED: Final = frozenset(("updated", "updatedat", "updatedon", "updateddate", "updatetime", "lastupdated", "lastmodified", "modified",
                             "modifiedat", "modifiedon", "lastmodifiedat", "lastupdatedat", "datemodified", "dateupdated", "lastchanged",
                             "changedat", "lastmodifieddate", "modifieddate"))  # fmt: skip
_COUNTED: Final = frozenset(("count", "views", "likes", "votes", "comments", "downloads", "version", "revision"))
_STEM = 4  # letters by which a status is known as that of an action
_MILLISECONDS = 100_000_000_000  # a number of seconds this large is one of milliseconds


@dataclass(eq=False)
class Creation:
    """Makes things of what is sent."""

    fittings: ItemRepresentations
    seeds: Seeds
    clock: Callable[[], float]  # seconds since 1970
    report: Callable[[Resource, set[str], str], None]  # is told of properties that no answer can show, and why
    _asked: dict[str, tuple[tuple[str, ...], Outline]] = field(default_factory=dict)
    _hidden: dict[str, frozenset[str]] = field(default_factory=dict)

    def sent(self, resource: Resource, deed: Binding, ask: RequestContext) -> JsonValue:
        """
        Return what a request says of a thing.

        Its body, or what is wrapped in it; else its query, by the names of properties.
        """
        body = ask.understood.body
        if isinstance(body, Missing):
            names = set(shown(resource.outline))
            query = {
                n: value for (where, n), value in ask.understood.parameters.items() if where is ParameterLocation.QUERY
            }
            return {name: value for name, value in query.items() if name in names}
        pointer, _ = self._body(resource, deed)
        if isinstance(body, dict):
            return take(body, pointer)
        return body

    def new(self, place: CollectionPath, deed: Binding, ask: RequestContext, key: JsonValue, number: int) -> JsonObject:
        """
        Make a new thing.

        Args:
            place: Its collection.
            deed: Of the operation that creates it.
            ask: The request.
            key: What tells it from others.
            number: Different for each thing that is made.

        """
        resource = place.resource
        sent = self.sent(resource, deed, ask)
        sent = sent if isinstance(sent, dict) else {}
        inner = thing_place(place, text_of(key) or "", key)
        pattern = self._pattern(inner, deed, ask, number)
        asked = self._names(resource, deed)
        hidden = self._read_only(resource)
        own: JsonObject = {resource.own_key: key} if resource.own_key is not None else {}
        given = {name: value for name, value in sent.items() if name not in hidden}
        serverly = {name: value for name, value in pattern.items() if name not in asked or name in hidden}
        born = {name: self._born(name, value, resource.outline.member(name)) for name, value in serverly.items()}
        left = dict(self._left_out(resource, deed, asked - hidden - given.keys()))
        ordered = [*pattern, *(name for name in given if name not in pattern)]
        candidates = [
            {**born, **left, **given, **own},
            {**born, **given, **own},
            {**serverly, **left, **given, **own},
            {**serverly, **given, **own},
            {**pattern, **given, **own},
            {**born, **left, **_without_nulls(given), **own},
            {**pattern, **_without_nulls(given), **own},
        ]
        things = [{n: c[n] for n in (*ordered, *c) if n in c} for c in candidates]
        if resource.inside:
            things = [resource.with_key(self._held(resource, pattern, thing), key) for thing in things]
        return self._settle(inner, things, ask)

    def _held(self, resource: Resource, pattern: JsonObject, thing: JsonObject) -> JsonObject:
        """Return a thing in which what holds its key has what a server sets there, beside what was sent."""
        holder = resource.inside[0]
        made, said = pattern.get(holder), thing.get(holder)
        if isinstance(made, dict) and isinstance(said, dict):
            return {**thing, holder: {**made, **said}}
        return thing

    def replaced(self, place: CollectionPath, deed: Binding, ask: RequestContext, before: JsonObject) -> JsonObject:
        """Make what a PUT says of a thing; what a server sets stays."""
        resource = place.resource
        sent = self.sent(resource, deed, ask)
        sent = sent if isinstance(sent, dict) else {}
        asked, kept = self._names(resource, deed), self._kept(resource, deed)
        given = {name: value for name, value in sent.items() if name not in kept}
        stays = {name: value for name, value in before.items() if name in kept or name not in asked}
        left = dict(self._left_out(resource, deed, asked - kept - given.keys()))
        candidates = [{**stays, **left, **given}, {**stays, **given}, {**before, **left, **given}, {**before, **given}]
        candidates += [{**stays, **left, **_without_nulls(given)}, {**before, **_without_nulls(given)}]
        return self._settle(place, [self._touched(resource, before, c, kept) for c in candidates], ask)

    def changed(
        self, place: CollectionPath, deed: Binding, ask: RequestContext, before: JsonObject, *, media_type: str
    ) -> JsonObject:
        """
        Make what a PATCH says of a thing: a list of steps is a JSON Patch, RFC 6902, an object a merge patch, RFC 7396.

        Some documents have objects under the media type of JSON Patch as well.

        Raises:
            PatchError: a JSON Patch can't be applied, or what it makes breaks the document.
        """
        resource = place.resource
        sent = self.sent(resource, deed, ask)
        kept = self._kept(resource, deed)
        body = ask.understood.body
        if isinstance(body, list) and (media_type.endswith("json-patch+json") or is_json_patch(body)):
            applied = apply(before, body)
            after = applied if isinstance(applied, dict) else before
            after = {**after, **{name: before[name] for name in kept if name in before}}
            after = self._touched(resource, before, after, kept)
            objection = self.fittings.objection(resource, after, place, ask, strictly=False)
            if objection is not None:
                raise PatchError(objection, conflict=False, result=True)
            return after
        patch = {name: value for name, value in sent.items() if name not in kept} if isinstance(sent, dict) else {}
        if deed.action:
            patch = self._done(resource, deed.action, {n: v for n, v in patch.items() if n in shown(resource.outline)})
        merged = merge(before, patch)
        nulls: JsonObject = {name: None for name, value in patch.items() if value is None}
        after = merged if isinstance(merged, dict) else before
        candidates = (
            [after, {**after, **nulls}] if media_type.endswith("merge-patch+json") else [{**after, **nulls}, after]
        )
        return self._settle(place, [self._touched(resource, before, candidate, kept) for candidate in candidates], ask)

    def _done(self, resource: Resource, action: str, sent: JsonObject) -> JsonObject:
        """
        Return what an action changes.

        What was sent with it, and a status that is named after it, as `closed` after `close`.
        """
        verb = joined(action)
        for name in shown(resource.outline):
            if joined(name) not in {"status", "state"} or name in sent:
                continue
            member = resource.outline.member(name)
            values = [
                value for source in member.sources if isinstance(listed := source.get("enum"), list) for value in listed
            ]
            stem = verb[: max(_STEM, len(verb) - 1)]
            done = next((value for value in values if isinstance(value, str) and joined(value).startswith(stem)), None)
            if done is not None:
                return {**sent, name: done}
            return sent
        return sent

    def client_key(self, resource: Resource, deed: Binding, ask: RequestContext) -> JsonValue:
        """Return the key that a client chose; None where it may not, or left it to the server."""
        sent = self.sent(resource, deed, ask)
        if resource.key is None or not isinstance(sent, dict) or resource.own_key in self._read_only(resource):
            return None
        value = resource.key_of(sent)
        if value not in (0, "", None) and text_of(value) is not None:
            return value
        return None

    def _settle(self, place: CollectionPath, candidates: list[JsonObject], ask: RequestContext) -> JsonObject:
        """Return the first that can be shown as it is, else the first to which what is missing can be generated, else the last."""
        objection = None
        for strictly in (True, False):
            for candidate in candidates:
                objection = self.fittings.objection(place.resource, candidate, place, ask, strictly=strictly)
                if objection is None:
                    return candidate
        self.report(
            place.resource, set(self.fittings.culprits(place.resource, candidates[-1], place, ask)), objection or ""
        )
        return candidates[-1]

    def _pattern(self, place: CollectionPath, deed: Binding, ask: RequestContext, number: int) -> JsonObject:
        """Return a generated thing, for what the server sets."""
        seed = derive_seed(ask.seed_text, place.resource.name, *place.variables.values(), "new", number)
        read, listed = place.resource.deeds.get(Action.READ), place.resource.deeds.get(Action.LIST)
        ambiguous = read is not None and self.fittings.of(place.resource, read).is_ambiguous
        for candidate in (deed, read, listed) if ambiguous else (read, listed, deed):
            made = self.seeds.one(place, candidate, ask, seed) if candidate is not None else None
            if made is not None:
                return self.seeds.related(place, str(number), made, ask)
        return {}

    def _body(self, resource: Resource, deed: Binding) -> tuple[tuple[str, ...], Outline]:
        """Return where the thing stands in the body of a request, and what may stand there."""
        if deed.operation.id not in self._asked:
            body = deed.operation.request_body
            content = body.content if body is not None else ()
            media = next((m for m in content if is_json(parse_media_type(m.name))), next(iter(content), None))
            kit = self.fittings.responder.kit
            schema = media.schema if media is not None else None
            if schema is not None:
                outline = kit.outline(schema, Direction.REQUEST, Purpose.MAKE)
            else:
                outline = Outline((), {})
            known = frozenset(shown(resource.outline))
            pointer: tuple[str, ...] = ()
            if not known & frozenset(outline.names):
                inner = [
                    n
                    for n in outline.names
                    if is_object(outline.member(n)) and known & frozenset(outline.member(n).names)
                ]
                pointer, outline = ((inner[0],), outline.member(inner[0])) if inner else (pointer, outline)
            self._asked[deed.operation.id] = pointer, outline
        return self._asked[deed.operation.id]

    def _names(self, resource: Resource, deed: Binding) -> frozenset[str]:
        """Return what a client may say of a thing; of a patch that says nothing about it, everything."""
        outline = self._body(resource, deed)[1]
        return frozenset(shown(outline)) or frozenset(shown(resource.outline))

    def _kept(self, resource: Resource, deed: Binding) -> frozenset[str]:
        """Return what a client can't change."""
        return self._read_only(resource) | ({resource.own_key} if resource.own_key is not None else set())

    def _read_only(self, resource: Resource) -> frozenset[str]:
        """Return what the document marks `readOnly` in the answers."""
        if resource.name not in self._hidden:
            names: set[str] = set()
            for act in (Action.READ, Action.LIST, Action.CREATE):
                deed = resource.deeds.get(act)
                names |= self._hidden_in(resource, deed) if deed is not None else set()
            self._hidden[resource.name] = frozenset(names)
        return self._hidden[resource.name]

    def _hidden_in(self, resource: Resource, deed: Binding) -> set[str]:
        fitting = self.fittings.of(resource, deed)
        represented = None if deed.chosen.is_empty else fitting.reply.representation(None)
        if represented is None or represented.media_type.schema is None:
            return set()
        if deed.act is Action.LIST:
            spot = fitting.list_spot(represented)
        else:
            spot = fitting.thing_spot(represented)
        if spot is None or spot.shape is not Shape.LIST:
            return set()
        outline = fitting.responder.kit.outline(represented.media_type.schema, Direction.REQUEST, Purpose.MAKE)
        for name in spot.pointer:
            outline = outline.member(name)
        inner = outline.item() if deed.act is Action.LIST else outline
        return set(shown(spot.outline)) - set(shown(inner))

    def _left_out(self, resource: Resource, deed: Binding, names: frozenset[str]) -> Iterator[tuple[str, JsonValue]]:
        """Yield what properties are that a client leaves out."""
        outline = self._body(resource, deed)[1]
        for name in shown(resource.outline):
            if name not in names:
                continue
            asked, told = outline.member(name), resource.outline.member(name)
            default = next((s["default"] for s in (*asked.sources, *told.sources) if "default" in s), None)
            if default is not None:
                yield name, default
            elif told.sources and told.types <= {"boolean", "null"}:
                yield name, False
            elif told.sources and "null" in told.types and len(told.types) < 7:  # noqa: PLR2004 - anything at all
                yield name, None

    def _born(self, name: str, value: JsonValue, outline: Outline) -> JsonValue:
        """Return what a property that the server sets is in the beginning."""
        word = joined(name)
        if word in _MADE or word in _CHANGED:
            return self._now(value)
        if isinstance(value, bool):
            return False
        if isinstance(value, list) and is_array(outline):
            return []
        if isinstance(value, int) and (word in _COUNTED or word.endswith("count")):
            return 0
        return value

    def _touched(self, resource: Resource, before: JsonObject, after: JsonObject, kept: frozenset[str]) -> JsonObject:
        """Return a changed thing with the moment of its change."""
        moments = {
            n: self._now(value) for n, value in before.items() if joined(n) in _CHANGED and after.get(n) == value
        }
        known = [*before, *(name for name in after if name not in before)]
        touched = {name: moments.get(name, after[name]) for name in known if name in after}
        if resource.inside:
            return resource.with_key(touched, resource.key_of(before))
        return touched

    def _now(self, like: JsonValue) -> JsonValue:
        """Return this moment, written like another one."""
        now = self.clock()
        if isinstance(like, int | float) and not isinstance(like, bool):
            if like > _MILLISECONDS:
                return int(now * 1000)
            return int(now)
        if not isinstance(like, str):
            return like
        moment = dt.datetime.fromtimestamp(now, dt.UTC)
        if len(like) == len("2026-01-01"):
            return moment.date().isoformat()
        written = moment.isoformat(timespec="milliseconds" if "." in like else "seconds")
        if "T" in like:
            return written.replace("+00:00", "Z")
        return like


def _without_nulls(given: JsonObject) -> JsonObject:
    """Return what is sent, where answers have no `null`: then it says that nothing is sent."""
    return {name: value for name, value in given.items() if value is not None}


def owner_link(
    deed: Binding, variables: Mapping[str, str], values: Mapping[str, JsonValue], thing: JsonObject
) -> tuple[JsonObject, dict[str, str]]:
    """
    Say whose a thing is, in the thing where it has a place for it.

    Returns:
        The thing, and what the store has to remember instead.
    """
    link = deed.link
    if link is None or link.variable not in variables:
        return thing, {}
    if not link.pointer:
        return thing, {link.variable: variables[link.variable]}
    value = values.get(link.variable, variables[link.variable])
    if len(link.pointer) == 1:
        return {**thing, link.pointer[0]: value}, {}
    inside = thing.get(link.pointer[0])
    return {**thing, link.pointer[0]: {**(inside if isinstance(inside, dict) else {}), link.pointer[1]: value}}, {}
