"""
Answers of things that conform.

A thing is shown by the schema of each response: what that does not name is left out, what it demands and the thing does
not have is generated, and what fits nowhere is an `NotRepresentable`, never a wrong answer.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import quote

from mock_server.cache import BoundedCache
from mock_server.document.document import template_names
from mock_server.document.model import MISSING, ParameterLocation
from mock_server.errors import MockServerError
from mock_server.exchange.message import Request
from mock_server.exchange.negotiate import ChosenMediaType
from mock_server.exchange.prefer import NONE, Preferences
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
from mock_server.json_values import JsonObject, JsonValue
from mock_server.judge.request import DecodedRequest
from mock_server.judge.response import ResponseJudge
from mock_server.names import joined
from mock_server.pausing import pause
from mock_server.respond.answer_cache import KEPT_READY
from mock_server.respond.representation import Representation, RequestContext
from mock_server.respond.responder import Responder
from mock_server.schema.dialect import Direction, Purpose
from mock_server.schema.outline import Outline
from mock_server.sizes import weigh_json
from mock_server.state.resources import Action, Binding, Resource, find_key

_SAYING = ("id", "text", "value", "content", "name")  # members that say what a thing is, where it stands for one text
_SOME_KEY = "key"
_BRANCHES = 4  # attempts to generate the alternative that a thing is


class NotRepresentable(MockServerError):
    """Nothing that is made of a thing conforms."""


def plain_ask(
    ask: RequestContext,
    deed: Binding,
    variables: Mapping[str, str],
    values: Mapping[str, JsonValue],
    size: int | None = None,
) -> RequestContext:
    """
    Return the question to an operation that nobody asked: without query, body and preferences.

    Args:
        ask: Who asks, in which world.
        deed: Of the operation.
        variables: Of its path, as text; others are left out.
        values: The same, as values.
        size: How many items are wanted; None for as many as there are.
    """
    entry = deed.operation.entry
    path = entry.template
    variables = {name: variables[name] for name in template_names(path) if name in variables}
    for name, text in variables.items():
        path = path.replace("{" + name + "}", quote(text, safe=""))
    seed = derive_seed(ask.seed_text, entry.id, "\0".join(variables.values()), "", b"")
    own = {name: value for name, value in values.items() if name in variables}
    parameters: dict[tuple[ParameterLocation, str], JsonValue] = {
        (ParameterLocation.PATH, name): value for name, value in own.items()
    }
    return ask._replace(
        request=Request("GET", (deed.base + path).encode(), b"", [], b""), understood=DecodedRequest(parameters, MISSING), accept=None,
        preferences=NONE if size is None else Preferences(size=size), derive=lambda: seed,
        variables={name: quote(text, safe="") for name, text in variables.items()},
    )  # fmt: skip


def _again(ask: RequestContext, attempt: int) -> RequestContext:
    """Return the same question, from another seed."""
    seed = derive_seed(ask.seed, "again", attempt)
    return ask._replace(derive=lambda: seed)


def adapted(value: JsonValue, generated: JsonValue) -> Iterator[JsonValue]:
    """
    Yield what was sent, in the shape in which an answer shows such things: a text as a list of blocks, an id as the thing that has it.

    Args:
        value: What was sent.
        generated: What an answer shows in the place.
    """
    if isinstance(generated, list):
        first = generated[0] if generated else None
        if isinstance(first, dict) and not isinstance(value, list):
            yield from ([shown] for shown in adapted(value, first))
        elif not isinstance(value, list):
            yield [value]
    elif isinstance(generated, dict) and isinstance(value, list):
        inner = next((name for name, member in generated.items() if isinstance(member, list)), None)
        pattern = generated[inner] if inner is not None else None
        first = pattern[0] if isinstance(pattern, list) and pattern else None
        if inner is not None:
            yield {**generated, inner: value}
            yield {
                **generated,
                inner: [{**first, **v} if isinstance(first, dict) and isinstance(v, dict) else v for v in value],
            }
    elif isinstance(generated, dict) and not isinstance(value, dict | None):
        name = next((name for name in _SAYING if name in generated), None)
        if name is not None:
            yield {**generated, name: value}
    elif isinstance(generated, dict) and isinstance(value, dict):
        yield {**generated, **value}
    elif isinstance(value, dict):
        yield from (value[name] for name in _SAYING if name in value and not isinstance(value[name], dict | list))


@dataclass(eq=False)
class ItemRepresentation:
    """Makes answers of one operation from things."""

    responder: Responder
    resource: Resource
    deed: Binding
    _spots: dict[tuple[str, bool], EnvelopePlace | None] = field(default_factory=dict)
    _bases: BoundedCache[tuple[str, str], JsonValue] = field(default_factory=lambda: KEPT_READY.make(_weigh))

    @property
    def reply(self) -> Representation:
        """Of the response of success."""
        return self.responder.reply(self.deed.operation.entry, self.deed.chosen)

    @property
    def judge(self) -> ResponseJudge:
        """Of the responses of the operation."""
        return self.responder.judge_of(self.deed.operation.entry)

    def outline(self, represented: ChosenMediaType) -> Outline:
        """Return the outline of a body."""
        schema = represented.media_type.schema
        if schema is not None:
            return self.responder.kit.outline(schema, Direction.RESPONSE, Purpose.MAKE)
        return Outline((), {})

    def list_spot(self, represented: ChosenMediaType) -> EnvelopePlace | None:
        """Return where the list stands in a body."""
        key = (represented.name, True)
        if key not in self._spots:
            self._spots[key] = find_collection(self.outline(represented), self.resource.nouns)
        return self._spots[key]

    def thing_spot(self, represented: ChosenMediaType) -> EnvelopePlace | None:
        """Return where the thing stands in a body; None where the body is about something else."""
        key = (represented.name, False)
        if key not in self._spots:
            outline = self.outline(represented)
            found = find_thing(outline, self.resource.nouns, self._is_thing)
            whole = EnvelopePlace((), outline) if is_object(outline) and self._shares(outline) else None
            self._spots[key] = found or whole
        return self._spots[key]

    @property
    def is_ambiguous(self) -> bool:
        """Whether an answer may be one of several kinds of things: then what is made of it may be another kind."""
        represented = self.reply.representation(None) if not self.deed.chosen.is_empty else None
        spot = self.thing_spot(represented) if represented is not None else None
        return spot is not None and any("anyOf" in source or "oneOf" in source for source in spot.outline.sources)

    def _is_thing(self, outline: Outline) -> bool:
        key = self.resource.key
        if key is not None:
            for name in self.resource.inside:
                outline = outline.member(name)
            return key in shown(outline) or find_key(outline, None, self.resource.nouns) == key
        return self._shares(outline)

    def _shares(self, outline: Outline) -> bool:
        """Return whether an object has enough in common with a thing to be one."""
        names, known = set(shown(outline)), set(shown(self.resource.outline))
        return bool(names) and 2 * len(names & known) >= min(len(names), len(known))

    def show(self, represented: ChosenMediaType, thing: JsonObject, ask: RequestContext) -> JsonValue:
        """
        Make the body that shows a thing.

        Args:
            represented: As what.
            thing: As it is kept.
            ask: From which the rest is generated.

        Returns:
            What conforms: what the thing says and an answer can't show is generated.

        Raises:
            SchemaError: nothing can be generated.
        """
        return self._shown(represented, thing, ask)[0]

    def _shown(
        self, represented: ChosenMediaType, thing: JsonObject, ask: RequestContext
    ) -> tuple[JsonValue, str | None]:
        """
        Make the body that shows a thing.

        Returns:
            The body, and why it does not say all that the thing says; None where it does.
        """
        spot = self.thing_spot(represented)
        if spot is None:
            return self.reply.make(represented, ask), None
        shown_thing = self._said(project(thing, spot.outline), spot)
        if not spot.pointer and self.fits(represented, shown_thing):
            return shown_thing, None
        base = self.reply.make(represented, ask)
        body = put(base, spot.pointer, shown_thing)
        if self.fits(represented, body):
            return body, None
        generated = take(base, spot.pointer)
        if not isinstance(generated, dict) or not isinstance(shown_thing, dict):
            return base, self._reasons(represented, body)
        lacking = [name for name in spot.outline.required if name in generated and name not in shown_thing]
        filled: JsonObject = {**shown_thing, **{name: generated[name] for name in lacking}}
        for candidate in (filled, {**generated, **shown_thing}):
            if self.fits(represented, put(base, spot.pointer, candidate)):
                return put(base, spot.pointer, candidate), None
        reason = self._reasons(represented, put(base, spot.pointer, filled))
        return self._closest(represented, spot, shown_thing, ask), reason

    def _said(self, thing: JsonValue, spot: EnvelopePlace) -> JsonValue:
        """
        Return a thing as an answer to what was done says it.

        What is deleted says so, where it has a property for that.
        """
        if self.deed.act is not Action.REMOVE or not isinstance(thing, dict):
            return thing
        return {**thing, **{name: True for name in shown(spot.outline) if joined(name) in DELETED}}

    def _closest(
        self, represented: ChosenMediaType, spot: EnvelopePlace, thing: JsonObject, ask: RequestContext
    ) -> JsonValue:
        """Return the body that conforms and says the most of what a thing says; the rest is generated."""
        best, most = None, -1
        for attempt in range(_BRANCHES):
            base = self.reply.make(represented, ask if not attempt else _again(ask, attempt))
            generated = take(base, spot.pointer)
            wishes = [
                RequestedValue(
                    (*spot.pointer, name),
                    [value, *adapted(value, generated.get(name) if isinstance(generated, dict) else None)],
                )
                for name, value in thing.items()
            ]
            body = settle(base, wishes, lambda value: self.fits(represented, value))
            said = take(body, spot.pointer)
            count = sum(
                1 for name, value in thing.items() if isinstance(said, dict) and name in said and said[name] == value
            )
            if count > most:
                best, most = body, count
            if count >= len(thing) - 1:
                break
        return best

    def _reasons(self, represented: ChosenMediaType, body: JsonValue) -> str:
        pause()
        findings: tuple[Finding, ...] = self.judge.judge_value(represented.media_type, body)
        return "; ".join(dict.fromkeys(found.message for found in findings[:3])) or "it does not conform"

    def objection(self, thing: JsonObject, ask: RequestContext, *, strictly: bool) -> str | None:
        """
        Why an answer can't show a thing; None where it can.

        Args:
            thing: As it would be kept.
            ask: From which the rest is generated.
            strictly: Nothing of the thing itself may have to be generated.
        """
        represented = self.reply.representation(None)
        spot = self.thing_spot(represented) if represented is not None and not self.deed.chosen.is_empty else None
        if represented is None or spot is None:
            return None
        if not strictly:
            return self._shown(represented, thing, ask)[1]
        base = self.reply.make(represented, ask) if spot.pointer else None
        body = put(base, spot.pointer, project(thing, spot.outline))
        if self.fits(represented, body):
            return None
        return self._reasons(represented, body)

    def objection_in_list(self, thing: JsonObject, ask: RequestContext) -> str | None:
        """Why a list can't show a thing; one that may not be of one thing shows it beside others."""
        represented = self.reply.representation(None)
        spot = self.list_spot(represented) if represented is not None else None
        if represented is None or spot is None:
            return None
        base = self.base(represented, ask) if spot.pointer else None
        known = self.resource.key_of(thing)
        item = (known if known is not None else _SOME_KEY, project(thing, spot.outline))
        body = put(base, spot.pointer, spot.gather([item]))
        if self.fits(represented, body):
            return None
        others = spot.spread(take(self.base(represented, ask), spot.pointer))
        if others and self.fits(represented, put(base, spot.pointer, spot.gather([*others[1:], item]))):
            return None
        return self._reasons(represented, body)

    def culprits(self, thing: JsonObject, ask: RequestContext) -> frozenset[str]:
        """Return the properties of a thing that keep it from being shown, or listed."""
        represented = self.reply.representation(None)
        if represented is None or self.deed.chosen.is_empty:
            return frozenset()
        is_list = self.deed.act is Action.LIST
        spot = self.list_spot(represented) if is_list else self.thing_spot(represented)
        if spot is None:
            return frozenset()
        part = project(thing, spot.outline)
        base = self.base(represented, ask) if spot.pointer else None
        depth = 1 + len(spot.pointer) + is_list
        shown_part = spot.gather([(self.resource.key_of(thing), part)]) if is_list else part
        found = self.judge.judge_value(represented.media_type, put(base, spot.pointer, shown_part))
        return frozenset(f.instance[depth] for f in found if f.instance is not None and len(f.instance) > depth)

    def fits(self, represented: ChosenMediaType, body: JsonValue) -> bool:
        """Return whether a body conforms."""
        pause()
        return self.judge.is_valid(represented.media_type, body)

    def base(self, represented: ChosenMediaType, ask: RequestContext) -> JsonValue:
        """Return what is generated around a list, made once for each path."""
        key = (represented.name, ask.request.path.decode("latin-1") + "\0" + ask.seed_text)
        known = self._bases.get(key)
        if known is None:
            known = self._bases[key] = self.reply.make(represented, ask)
        return known

    def show_all(
        self,
        represented: ChosenMediaType,
        spot: EnvelopePlace,
        things: list[tuple[str, JsonObject]],
        ask: RequestContext,
    ) -> JsonValue:
        """
        Make the body that lists things.

        Args:
            represented: As what.
            spot: Where the collection stands.
            things: What is listed, each with its key as text.
            ask: From which the rest is generated.

        Raises:
            Unfit: it does not conform.
            SchemaError: what stands around the list can't be generated.
        """
        items = [(self._listed_key(spot, key, thing), project(thing, spot.outline)) for key, thing in things]
        base = self.base(represented, ask) if spot.pointer else None
        body = put(base, spot.pointer, spot.gather(items))
        if self.fits(represented, body):
            return body
        filled = [
            (key, self._fill(represented, spot, base, (key, item), index, ask))
            for index, (key, item) in enumerate(items)
        ]
        body = put(base, spot.pointer, spot.gather(filled))
        if not self.fits(represented, body):
            raise NotRepresentable(self._reasons(represented, body))
        return body

    def _listed_key(self, spot: EnvelopePlace, key: str, thing: JsonObject) -> JsonValue:
        """Return the key of a thing as a list has it."""
        known = self.resource.key_of(thing) if spot.shape is Shape.KEYS else None
        if known is not None:
            return known
        return key

    def _fill(
        self,
        represented: ChosenMediaType,
        spot: EnvelopePlace,
        base: JsonValue,
        keyed: tuple[JsonValue, JsonValue],
        index: int,
        ask: RequestContext,
    ) -> JsonValue:
        """Return an item with what is demanded and missing, from the generated list."""
        key, item = keyed

        def fits(thing: JsonValue) -> bool:
            return self.fits(represented, put(base, spot.pointer, spot.gather([(key, thing)])))

        if fits(item) or not isinstance(item, dict):
            return item
        generated = spot.spread(take(self.base(represented, ask), spot.pointer))
        if not generated:
            return item
        pattern = generated[index % len(generated)][1]
        lacking = [name for name in spot.outline.required if name in pattern and name not in item]
        filled = {**item, **{name: pattern[name] for name in lacking}}
        if fits(filled) or not fits(pattern):
            return filled
        wishes = [RequestedValue((name,), [value, *adapted(value, pattern.get(name))]) for name, value in item.items()]
        return settle(pattern, wishes, fits)


def _weigh(key: tuple[str, str], value: JsonValue) -> int:
    return sum(map(len, key)) + weigh_json(value)
