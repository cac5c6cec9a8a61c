"""
Answers that show items and conform to the document.

An item is shown by the schema of each response: properties that the schema does not name are left out, and required
ones that the item lacks are generated. Where nothing made from an item conforms, there is `NotRepresentable` instead of
a wrong answer.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property, partial

from mock_server.cache import BoundedCache
from mock_server.document.model import Parameter
from mock_server.document.references import Node
from mock_server.errors import MockServerError
from mock_server.exchange.negotiate import ChosenMediaType
from mock_server.findings import Finding
from mock_server.generate.echo import DELETED
from mock_server.generate.envelope import (
    EnvelopePlace,
    Shape,
    find_collection,
    find_thing,
    is_object,
    project,
    put,
    shown,
    take,
)
from mock_server.generate.requested_values import RequestedValue, settle
from mock_server.generate.seed import derive_seed
from mock_server.json_values import JsonObject, JsonValue, as_object
from mock_server.judges.response import ResponseJudge
from mock_server.names import joined
from mock_server.pausing import pause
from mock_server.respond.answer_cache import KEPT_READY
from mock_server.respond.represent.context import RequestContext
from mock_server.respond.represent.representation import Representation
from mock_server.respond.responder import Responder
from mock_server.schema.dialect import Direction, Purpose
from mock_server.schema.sites import Site
from mock_server.sizes import weigh_json
from mock_server.state.listing import ListQuery, read_list_query
from mock_server.state.resources import Action, Binding, Item, Resource, find_key, sent_schema

_IDENTIFYING = ("id", "text", "value", "content", "name")  # members that stand for a whole object
_SOME_KEY = "key"
_BRANCHES = 4  # attempts to generate the alternative of `anyOf` that an item is


class NotRepresentable(MockServerError):
    """Nothing made from an item conforms."""


def _retry(context: RequestContext, attempt: int) -> RequestContext:
    """Return the same request with another seed."""
    seed = derive_seed(context.seed, "again", attempt)
    return context._replace(derive=lambda: seed)


def _adapt(value: JsonValue, generated: JsonValue) -> Iterator[JsonValue]:
    """
    Yield a sent value in the shape in which an answer shows such values.

    A text becomes a list of blocks, an id the object that has it.

    Args:
        value: The value that was sent.
        generated: The value that an answer has in its place.
    """
    if isinstance(generated, list):
        first = generated[0] if generated else None
        if isinstance(first, dict) and not isinstance(value, list):
            yield from ([shown] for shown in _adapt(value, first))
        elif not isinstance(value, list):
            yield [value]
    elif isinstance(generated, dict) and isinstance(value, list):
        yield from _adapt_list(value, generated)
    elif isinstance(generated, dict) and not isinstance(value, dict | None):
        name = next((name for name in _IDENTIFYING if name in generated), None)
        if name is not None:
            yield {**generated, name: value}
    elif isinstance(generated, dict) and isinstance(value, dict):
        yield {**generated, **value}
    elif isinstance(value, dict):
        yield from (value[name] for name in _IDENTIFYING if name in value and not isinstance(value[name], dict | list))


def _adapt_list(value: list[JsonValue], generated: JsonObject) -> Iterator[JsonValue]:
    """Yield a generated object around a list that was sent: with its items as they are, then completed."""
    inner = next((name for name, member in generated.items() if isinstance(member, list)), None)
    if inner is None:
        return
    yield {**generated, inner: value}
    pattern = generated[inner]
    first = pattern[0] if isinstance(pattern, list) and pattern else None
    if isinstance(first, dict):
        yield {**generated, inner: [_complete(item, first) for item in value]}


def _complete(item: JsonValue, pattern: JsonObject) -> JsonValue:
    if isinstance(item, dict):
        return {**pattern, **item}
    return item


@dataclass(eq=False)
class ItemRepresentation:
    """The successful answers of one operation, made from items."""

    responder: Responder
    resource: Resource
    binding: Binding
    _places: dict[tuple[str, bool], EnvelopePlace | None] = field(default_factory=dict)
    _bases: BoundedCache[tuple[str, str], JsonValue] = field(default_factory=lambda: KEPT_READY.make(_weigh))

    @property
    def reply(self) -> Representation:
        """The representation of the successful response."""
        return self.responder.reply(self.binding.operation.entry, self.binding.chosen)

    @property
    def judge(self) -> ResponseJudge:
        """The judge of the operation's responses."""
        return self.responder.judge_of(self.binding.operation.entry)

    def outline(self, represented: ChosenMediaType) -> Site:
        """Return the outline of a response body."""
        return self._outline(represented.media_type.schema, Direction.RESPONSE)

    def list_place(self, represented: ChosenMediaType) -> EnvelopePlace | None:
        """Return the place of the list in a body."""
        key = (represented.name, True)
        if key not in self._places:
            self._places[key] = find_collection(self.outline(represented), self.resource.nouns)
        return self._places[key]

    def item_place(self, represented: ChosenMediaType) -> EnvelopePlace | None:
        """Return the place of the item in a body; None if the body is about something else."""
        key = (represented.name, False)
        if key not in self._places:
            outline = self.outline(represented)
            found = find_thing(outline, self.resource.nouns, self._is_item)
            whole = EnvelopePlace((), outline) if is_object(outline) and self._is_similar(outline) else None
            self._places[key] = found or whole
        return self._places[key]

    @cached_property
    def default(self) -> tuple[ChosenMediaType, EnvelopePlace] | None:
        """The media type chosen without `Accept`, and the place of the list, or the item, in its body."""
        represented = None if self.binding.chosen.is_empty else self.reply.representation(None)
        if represented is None:
            return None
        find = self.list_place if self.binding.action is Action.LIST else self.item_place
        place = find(represented)
        if place is None:
            return None
        return represented, place

    @property
    def is_ambiguous(self) -> bool:
        """True if the item may be one of several kinds, so that a generated one may be of another kind."""
        default = self.default
        return default is not None and any(
            "anyOf" in source or "oneOf" in source for source in default[1].outline.sources
        )

    @cached_property
    def sent_place(self) -> EnvelopePlace:
        """The place of the item in the body of a request."""
        outline = self._outline(sent_schema(self.binding.operation), Direction.REQUEST)
        known = frozenset(shown(self.resource.outline))
        if not known & frozenset(outline.names):
            for name in outline.names:
                member = outline.member(name)
                if is_object(member) and known & frozenset(member.names):
                    return EnvelopePlace((name,), member)
        return EnvelopePlace((), outline)

    @cached_property
    def read_only(self) -> frozenset[str]:
        """The properties of the item that the response marks `readOnly`."""
        default = self.default
        if default is None or default[0].media_type.schema is None or default[1].shape is not Shape.LIST:
            return frozenset()
        represented, place = default
        outline = self._outline(represented.media_type.schema, Direction.REQUEST)
        for name in place.pointer:
            outline = outline.member(name)
        if self.binding.action is Action.LIST:
            outline = outline.item()
        return frozenset(shown(place.outline)) - frozenset(shown(outline))

    @cached_property
    def list_query(self) -> ListQuery:
        """The meaning of the query parameters."""

        def annotate(parameter: Parameter) -> Site:
            content = parameter.content
            return self._outline(parameter.schema if content is None else content.schema, Direction.REQUEST)

        return read_list_query(self.binding.operation, self.resource.outline, annotate)

    def _outline(self, schema: Node | None, direction: Direction) -> Site:
        if schema is None:
            return Site()
        return self.responder.kit.outline(schema, direction, Purpose.MAKE)

    def _is_item(self, outline: Site) -> bool:
        key = self.resource.key
        if key is None:
            return self._is_similar(outline)
        for name in self.resource.inside:
            outline = outline.member(name)
        return key in shown(outline) or find_key(outline, None, self.resource.nouns) == key

    def _is_similar(self, outline: Site) -> bool:
        """Return True if an object shares at least half of its properties with an item."""
        names, known = set(shown(outline)), set(shown(self.resource.outline))
        return bool(names) and 2 * len(names & known) >= min(len(names), len(known))

    def show(self, represented: ChosenMediaType, item: JsonObject, context: RequestContext) -> JsonValue:
        """
        Return a conforming body that shows an item; properties that it can't show are generated.

        Raises:
            SchemaError: nothing can be generated.
        """
        return self._show(represented, item, context)[0]

    def _show(
        self, represented: ChosenMediaType, item: JsonObject, context: RequestContext
    ) -> tuple[JsonValue, str | None]:
        """Return a conforming body that shows an item, and the reason why it can't show all of it, if so."""
        place = self.item_place(represented)
        if place is None:
            return self.reply.make(represented, context), None
        part = self._mark_deleted(project(item, place.outline), place)
        if not place.pointer and self.fits(represented, part):
            return part, None
        base = self.reply.make(represented, context)
        body = put(base, place.pointer, part)
        if self.fits(represented, body):
            return body, None
        generated = take(base, place.pointer)
        if not isinstance(generated, dict) or not isinstance(part, dict):
            return base, self._reasons(represented, body)
        lacking = [name for name in place.outline.required if name in generated and name not in part]
        filled: JsonObject = {**part, **{name: generated[name] for name in lacking}}
        for candidate in (filled, {**generated, **part}):
            body = put(base, place.pointer, candidate)
            if self.fits(represented, body):
                return body, None
        reason = self._reasons(represented, put(base, place.pointer, filled))
        return self._closest(represented, place, part, context), reason

    def _mark_deleted(self, item: JsonValue, place: EnvelopePlace) -> JsonValue:
        """Set the `deleted` property of an item that is being deleted, if it has one."""
        if self.binding.action is not Action.REMOVE or not isinstance(item, dict):
            return item
        return {**item, **{name: True for name in shown(place.outline) if joined(name) in DELETED}}

    def _closest(
        self, represented: ChosenMediaType, place: EnvelopePlace, item: JsonObject, context: RequestContext
    ) -> JsonValue:
        """Return the conforming body that shows the most properties of an item; the others are generated."""
        best, most = None, -1
        for attempt in range(_BRANCHES):
            base = self.reply.make(represented, _retry(context, attempt) if attempt else context)
            generated = as_object(take(base, place.pointer))
            wishes = [
                RequestedValue((*place.pointer, name), [value, *_adapt(value, generated.get(name))])
                for name, value in item.items()
            ]
            body = settle(base, wishes, partial(self.fits, represented))
            shown_part = as_object(take(body, place.pointer))
            count = sum(name in shown_part and shown_part[name] == value for name, value in item.items())
            if count > most:
                best, most = body, count
            if count >= len(item) - 1:
                break
        return best

    def _reasons(self, represented: ChosenMediaType, body: JsonValue) -> str:
        pause()
        findings: tuple[Finding, ...] = self.judge.judge_value(represented.media_type, body)
        return "; ".join(dict.fromkeys(found.message for found in findings[:3])) or "it does not conform"

    def objection(self, item: JsonObject, context: RequestContext, *, strictly: bool) -> str | None:
        """
        Return the reason why an answer can't show an item; None if it can.

        Args:
            item: As it would be stored.
            context: The request from which the rest of the body is generated.
            strictly: Whether no property of the item itself may be generated.
        """
        default = self.default
        if default is None:
            return None
        represented, place = default
        if self.binding.action is Action.LIST:
            return self._objection_in_list(represented, place, item, context)
        if not strictly:
            return self._show(represented, item, context)[1]
        base = self.reply.make(represented, context) if place.pointer else None
        body = put(base, place.pointer, project(item, place.outline))
        if self.fits(represented, body):
            return None
        return self._reasons(represented, body)

    def _objection_in_list(
        self, represented: ChosenMediaType, place: EnvelopePlace, item: JsonObject, context: RequestContext
    ) -> str | None:
        """Return the reason why a list can't show an item, alone or among generated ones."""
        base = self._envelope(represented, place, context)
        keyed = (self.resource.key_of(item, _SOME_KEY), project(item, place.outline))
        body = put(base, place.pointer, place.gather([keyed]))
        if self.fits(represented, body):
            return None
        others = place.spread(take(self.base(represented, context), place.pointer))
        if others and self.fits(represented, put(base, place.pointer, place.gather([*others[1:], keyed]))):
            return None
        return self._reasons(represented, body)

    def culprits(self, item: JsonObject, context: RequestContext) -> frozenset[str]:
        """Return the properties of an item that keep it from being shown, or listed."""
        default = self.default
        if default is None:
            return frozenset()
        represented, place = default
        is_list = self.binding.action is Action.LIST
        part = project(item, place.outline)
        if is_list:
            part = place.gather([(self.resource.key_of(item), part)])
        base = self._envelope(represented, place, context)
        depth = 1 + len(place.pointer) + is_list
        found = self.judge.judge_value(represented.media_type, put(base, place.pointer, part))
        return frozenset(f.instance[depth] for f in found if f.instance is not None and len(f.instance) > depth)

    def fits(self, represented: ChosenMediaType, body: JsonValue) -> bool:
        """Return True if a body conforms."""
        pause()
        return self.judge.is_valid(represented.media_type, body)

    def base(self, represented: ChosenMediaType, context: RequestContext) -> JsonValue:
        """Return a generated body to put a list in; cached by path."""
        key = (represented.name, context.request.path.decode("latin-1") + "\0" + context.seed_text)
        known = self._bases.get(key)
        if known is None:
            known = self._bases[key] = self.reply.make(represented, context)
        return known

    def _envelope(self, represented: ChosenMediaType, place: EnvelopePlace, context: RequestContext) -> JsonValue:
        """Return a generated body to put a list in; None if the list is the whole body."""
        if place.pointer:
            return self.base(represented, context)
        return None

    def show_all(
        self, represented: ChosenMediaType, place: EnvelopePlace, items: list[Item], context: RequestContext
    ) -> JsonValue:
        """
        Return a conforming body that lists items.

        Args:
            represented: The media type of the body.
            place: Of the list in it.
            items: The items of the list.
            context: The request from which the rest is generated.

        Raises:
            NotRepresentable: no such body conforms.
            SchemaError: what surrounds the list can't be generated.
        """
        keyed = [(self._listed_key(place, item), project(item.body, place.outline)) for item in items]
        base = self._envelope(represented, place, context)
        body = put(base, place.pointer, place.gather(keyed))
        if self.fits(represented, body):
            return body
        others = place.spread(take(self.base(represented, context), place.pointer))
        patterns: list[JsonObject | None] = [pattern for _, pattern in others] or [None]
        filled: list[tuple[JsonValue, JsonValue]] = []
        for index, (key, part) in enumerate(keyed):

            def fits(value: JsonValue, key: JsonValue = key) -> bool:
                return self.fits(represented, put(base, place.pointer, place.gather([(key, value)])))

            filled.append((key, _fill(part, patterns[index % len(patterns)], place.outline.required, fits)))
        body = put(base, place.pointer, place.gather(filled))
        if not self.fits(represented, body):
            raise NotRepresentable(self._reasons(represented, body))
        return body

    def _listed_key(self, place: EnvelopePlace, item: Item) -> JsonValue:
        """Return the key of an item as the list has it."""
        if place.shape is Shape.KEYS:
            return self.resource.key_of(item.body, item.key)
        return item.key


def _fill(
    item: JsonValue, pattern: JsonObject | None, required: Iterable[str], fits: Callable[[JsonValue], bool]
) -> JsonValue:
    """Return a listed item with the required properties that it lacks, taken from a generated one."""
    if fits(item) or not isinstance(item, dict) or pattern is None:
        return item
    filled = {**item, **{name: pattern[name] for name in required if name in pattern and name not in item}}
    if fits(filled) or not fits(pattern):
        return filled
    wishes = [RequestedValue((name,), [value, *_adapt(value, pattern.get(name))]) for name, value in item.items()]
    return settle(pattern, wishes, fits)


def _weigh(key: tuple[str, str], value: JsonValue) -> int:
    return sum(map(len, key)) + weigh_json(value)
