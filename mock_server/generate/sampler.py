"""
The sampler: a canonical schema and its hints, compiled to a function of a state.

Definitions are compiled when they are first drawn, so a schema that refers to seven hundred others costs what is used.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from mock_server.generate.arrays import compile_array
from mock_server.generate.compiling import Setting, Spot, acceptor, direct_references, from_values, lazy_acceptor, nothing
from mock_server.generate.hints import Hints
from mock_server.generate.kinds import BOOLEANS
from mock_server.generate.language import Language
from mock_server.generate.numbers import compile_integer, compile_number
from mock_server.generate.objects import compile_object
from mock_server.generate.regex import RegexError
from mock_server.generate.seed import derive_random
from mock_server.generate.semantics import find_meaning
from mock_server.generate.state import FULL_DEPTH, Draw, NothingFits, State
from mock_server.generate.strings import compile_string, find_faker
from mock_server.schema.canonical import (
    AllOfView,
    AnyOfView,
    ArrayView,
    Canonical,
    ConstView,
    EnumView,
    FalseView,
    IntegerView,
    MultiTypeView,
    NotView,
    NumberView,
    ObjectView,
    OneOfView,
    RawView,
    ReferenceView,
    StringView,
    TypedGroupView,
    as_json,
    canonicalize_schema,
    find_difference,
    find_intersection,
)
from mock_server.typing import JsonObject, JsonValue

# How often a value that may be null is.
_NULLS = 0.12
_ENDLESS = 1_000
_MAX_MERGES = 40
# To subtract branches from each other multiplies their cases.
_MAX_DISJOINT = 5
_MAX_CASES = 40
# A definition that is entered so often leads to itself without an end, and any value will do.
_CIRCLE = 20
# Values that a schema nothing else is known of is tried with.
_CATALOGUE: tuple[JsonValue, ...] = (
    None, True, False, 0, 1, -1, 2, 10, 100, 0.5, 1.5, -1.5, 1e6, "", "a", "text", "foo", "bar", "0", "1", "A-1",
    "2026-01-01", "2026-01-01T00:00:00Z", "a@example.com", "https://example.com", [], {}, [None], [0], [1], ["a"], [1, 2],
    ["a", "b"], [1, "a"], [[]], [{}], {"a": 1}, {"a": "a"}, {"foo": "a"}, {"foo": 1}, {"bar": "a"}, {"bar": 1},
    {"foo": "a", "bar": "a"}, {"foo": 1, "bar": 2}, {"a": 1, "b": 2},
)  # fmt: skip
# Keywords that the canonical form may not model: a schema is drawn without them, and judged with them.
_UNMODELED = (
    "unevaluatedProperties",
    "unevaluatedItems",
    "not",
    "if",
    "then",
    "else",
    "oneOf",
    "dependentSchemas",
    "contains",
    "propertyNames",
)


@dataclass(eq=False, repr=False)
class Sampler:
    """Compiles nodes to draws; see `compiling.Compiler`."""

    setting: Setting
    root: Canonical
    _definitions: dict[tuple[str, str], Draw] = field(default_factory=dict)
    _heights: dict[str, int] = field(default_factory=dict)
    _merging: set[str] = field(default_factory=set)

    def compile(self, schema: Canonical, spot: Spot) -> Draw:
        """Compile a node."""
        draw = self._by_view(schema, spot)
        return self._with_examples(schema, spot, draw)

    def compile_any(self, spot: Spot) -> Draw:
        """Compile a node that nothing is said of: what its hints imply, else text."""
        implied = spot.hints.implied_type()
        return self._type(implied or "string", spot)

    def compile_pattern(self, pattern: str) -> Draw:
        """Compile the names that match a pattern."""
        try:
            language = Language(pattern)
        except RegexError:
            return nothing
        random = derive_random(self.setting.pools.seed, "name", pattern)
        judge = acceptor({"type": "string", "pattern": pattern})
        written = (language.draw_with_demands(random, least) for least in range(12) for _ in range(6))
        return from_values(tuple(dict.fromkeys(text for text in written if text is not None and (judge is None or judge(text)))))

    def height(self, schema: Canonical) -> int:
        """How many objects and arrays the smallest value of a node nests; `_ENDLESS` where there is no end."""
        return self._height(schema, frozenset())

    def _by_view(self, schema: Canonical, spot: Spot) -> Draw:  # noqa: PLR0911, PLR0912 - one line for each kind of view
        view = schema.view()
        match view:
            case StringView():
                return compile_string(self.setting, view, spot)
            case IntegerView():
                return compile_integer(self.setting, view, spot)
            case NumberView():
                return compile_number(self.setting, view, spot)
            case ArrayView():
                return compile_array(self, view, spot)
            case ObjectView():
                return compile_object(self, view, spot)
            case ConstView():
                return from_values((as_json(view.value),))
            case EnumView():
                return self._enum(tuple(map(as_json, view.values)), spot)
            case MultiTypeView():
                return self._types(view.types, spot)
            case ReferenceView():
                return self._reference(view.uri, spot)
            case AnyOfView():
                return self._alternatives(view.branches, spot, lambda branch: self.compile(branch, spot))
            case OneOfView():
                return self._exclusive(schema, view.branches, spot)
            case AllOfView() | TypedGroupView():
                return self._merged(schema, spot)
            case RawView() | NotView():
                return self._searched(schema, spot)
            case FalseView():
                return nothing
        return self.compile_any(spot)

    def _with_examples(self, schema: Canonical, spot: Spot, draw: Draw) -> Draw:
        """Let a documented example stand for a part, where examples are wanted and it fits."""
        if "x-faker" in {key for source in spot.hints.sources for key in source} or spot.name in self.setting.overrides:
            return draw
        examples = [example for example in spot.hints.examples() if example is not None][:8]
        if not examples:
            return draw
        trusted = [examples[0]]
        judged: list[bool] = []

        def draw_example(s: State) -> JsonValue:
            if not s.exemplary:
                return draw(s)
            if s.verify and not judged:
                judged.append(True)
                accept = acceptor(schema, self.setting.forms)
                trusted[:] = [example for example in examples if accept is not None and accept(example)]
            return trusted[0] if trusted else draw(s)

        return draw_example

    def _types(self, types: list[str], spot: Spot) -> Draw:
        """Any value of some types: null now and then, of the others what the hints imply."""
        others = [type_ for type_ in types if type_ != "null"]
        if not others:
            return from_values((None,))
        implied = spot.hints.implied_type()
        if implied in others:
            others = [implied] if implied else others
        elif len(others) > 3 and "string" in others:  # noqa: PLR2004 - nothing is said of the type: text is expected
            others = ["string"]
        order = ("string", "integer", "number", "boolean", "object", "array")
        draw = self._type(min(others, key=order.index), spot)
        if len(others) > 1 and "number" not in others:
            draws = [self._type(type_, spot) for type_ in others]
            draw = _mixed(draws)
        return _nullable(draw) if "null" in types else draw

    def _type(self, type_: str, spot: Spot) -> Draw:
        if type_ == "string":
            return compile_string(self.setting, None, spot)
        if type_ == "integer":
            return compile_integer(self.setting, None, spot)
        if type_ == "number":
            return compile_number(self.setting, None, spot)
        if type_ == "array":
            return compile_array(self, None, spot)
        if type_ == "object":
            return compile_object(self, None, spot) if spot.hints.property_order() or spot.hints.is_map() else _empty_object
        return _boolean(spot)

    def _enum(self, values: tuple[JsonValue, ...], spot: Spot) -> Draw:
        wished = find_faker(self.setting, self.setting.overrides.get(spot.name, spot.hints.first("x-faker")))
        if wished is not None:
            values = tuple(value for value in values if value in wished) or values
        if None in values and len(values) > 1:
            return _nullable(from_values(tuple(value for value in values if value is not None)))
        return from_values(values)

    def _reference(self, uri: str, spot: Spot) -> Draw:
        target = self.setting.forms.definition(uri)
        name = uri.removeprefix("#/$defs/")
        if target is None:
            return nothing
        hints = self.setting.reader.definition(name)
        own = Spot(Hints((*hints.sources, *_beside(spot.hints, name)), hints.nouns or spot.hints.nouns), spot.name, spot.owner, spot.nouns)
        if not direct_references(target) and target.kind.value not in {"object", "array", "any_of", "all_of", "one_of"}:
            return self.compile(target, own)  # a scalar: its meaning depends on the property
        key = (uri, spot.name if target.kind.value != "object" else "")
        definitions = self._definitions

        def draw(s: State) -> JsonValue:
            compiled = definitions.get(key)
            if compiled is None:
                compiled = definitions[key] = self.compile(target, own)
            active = s.active
            if active.get(uri, 0) > _CIRCLE:
                return {}
            active[uri] = active.get(uri, 0) + 1
            tight = s.tight
            if active[uri] > 3:  # noqa: PLR2004 - only what is required recurs so often: bring it to an end
                s.tight = True
            try:
                return compiled(s)
            finally:
                active[uri] -= 1
                s.tight = tight

        return draw

    def _alternatives(self, branches: list[Canonical], spot: Spot, compile_: Callable[[Canonical], Draw]) -> Draw:
        """Any of some branches; each is compiled when it is first chosen."""
        implied = spot.hints.implied_type()
        chosen = [branch for branch in branches if implied is None or _is_of(branch, implied)] or branches
        null = any(_is_null(branch) for branch in branches)
        chosen = [branch for branch in chosen if not _is_null(branch)] or branches
        draws = [_lazily(compile_, branch) for branch in chosen]
        if len(draws) == 1:
            return _nullable(draws[0]) if null else draws[0]
        heights: list[int] = []
        simple = tuple(not direct_references(branch) and branch.kind.value not in {"object", "array"} for branch in chosen)
        mixed = any(simple) and not all(simple)

        def draw(s: State) -> JsonValue:
            count = len(draws)
            order = list(range(count))
            first = int(s.random() * count)
            order = order[first:] + order[:first]
            if s.tight or s.depth > 6:  # noqa: PLR2004 - what ends soonest
                if not heights:
                    heights.extend(map(self.height, chosen))
                order.sort(key=heights.__getitem__)
            elif mixed and s.depth >= 2:  # noqa: PLR2004 - deep inside, an id rather than the whole thing
                order.sort(key=lambda index: not simple[index])
            for index in order:
                try:
                    return draws[index](s)
                except NothingFits:
                    continue
            raise NothingFits

        return _nullable(draw) if null else draw

    def _exclusive(self, schema: Canonical, branches: list[Canonical], spot: Spot) -> Draw:
        """Exactly one branch: any branch where they do not overlap; in a strict draw, the branch without the others."""
        draws = [_lazily(lambda branch: self.compile(branch, spot), branch) for branch in branches]
        strict: list[Draw] = []
        accept = lazy_acceptor(schema, self.setting.forms)

        def draw(s: State) -> JsonValue:
            first = int(s.random() * len(draws))
            order = [*range(first, len(draws)), *range(first)]
            if s.tight:
                order.sort(key=lambda index: self.height(branches[index]))
            if not s.strict:
                return _first_of([draws[index] for index in order], s, _anything)
            try:
                return _first_of([draws[index] for index in order], s, accept)
            except NothingFits:
                if not strict:
                    strict.extend((*map(_tightly, draws), *self._without_others(branches, spot)))
                return _first_of(strict, s, accept)

        return draw

    def _without_others(self, branches: list[Canonical], spot: Spot) -> Iterable[Draw]:
        """Each branch less the others, as long as few branches keep that small."""
        if len(branches) > _MAX_DISJOINT:
            return
        expanded = [self._expand(branch) for branch in branches]
        for index, branch in enumerate(expanded):
            rest: Canonical | None = branch
            for other, schema in enumerate(expanded):
                if other != index and rest is not None:
                    rest = find_difference(rest, schema)
                    view = rest.view() if rest is not None else None
                    if isinstance(view, AnyOfView) and len(view.branches) > _MAX_CASES:
                        rest = None
            if rest is not None and not isinstance(rest.view(), FalseView):
                yield self.compile(rest, spot)

    def _merged(self, schema: Canonical, spot: Spot) -> Draw:
        """Branches that all have to match, merged through their references when first drawn."""
        cell: list[Draw] = []

        def draw(s: State) -> JsonValue:
            if not cell:
                cell.append(self._conjunction(self._expand(schema), spot))
            return cell[0](s)

        return draw

    def _conjunction(self, schema: Canonical, spot: Spot) -> Draw:
        """What merging left: where alternatives stand in a conjunction, the conjunctions of each alternative."""
        view = schema.view()
        if not isinstance(view, AllOfView):
            return self.compile(schema, spot) if not isinstance(view, TypedGroupView) else self._searched(schema, spot)
        choice = next((branch for branch in view.branches if isinstance(branch.view(), AnyOfView | OneOfView)), None)
        if choice is None:
            return self._searched(schema, spot)
        others = [branch for branch in view.branches if branch is not choice]

        def with_others(option: Canonical) -> Draw:
            merged = self._merge([*others, option])
            return self.compile(merged, spot) if merged is not None else nothing

        draw = self._alternatives(choice.view().branches, spot, with_others)  # type: ignore[union-attr]
        return draw if isinstance(choice.view(), AnyOfView) else _judged(draw, lazy_acceptor(schema, self.setting.forms))

    def _expand(self, schema: Canonical) -> Canonical:
        """Resolve references and merge until something else than a conjunction stands there, if it comes to that."""
        for _ in range(_MAX_MERGES):
            view = schema.view()
            if isinstance(view, ReferenceView):
                target = self.setting.forms.definition(view.uri)
                if target is None or view.uri in self._merging:
                    return schema
                schema = target
            elif isinstance(view, AllOfView):
                merged = self._merge(view.branches)
                if merged is None or merged == schema:
                    return schema
                schema = merged
            elif isinstance(view, TypedGroupView):
                schema = view.body
            else:
                return schema
        return schema

    def _merge(self, branches: list[Canonical]) -> Canonical | None:
        """The intersection of branches; a reference that is being merged already says nothing new."""
        result: Canonical | None = None
        entered: list[str] = []
        try:
            for branch in branches:
                view = branch.view()
                if isinstance(view, ReferenceView):
                    target = self.setting.forms.definition(view.uri)
                    if view.uri in self._merging or target is None:
                        continue
                    self._merging.add(view.uri)
                    entered.append(view.uri)
                    branch = self._expand(target)  # noqa: PLW2901 - the branch, resolved
                result = branch if result is None else find_intersection(result, branch)
                if result is None:
                    return None
        finally:
            self._merging.difference_update(entered)
        return result

    def _searched(self, schema: Canonical, spot: Spot) -> Draw:
        """What the canonical form does not model: draw without the unmodeled keywords, and judge."""
        cell: list[Draw] = []

        def draw(s: State) -> JsonValue:
            if not cell:
                cell.append(self._search(schema, spot))
            return cell[0](s)

        return draw

    def _search(self, schema: Canonical, spot: Spot) -> Draw:
        accept = acceptor(schema, self.setting.forms)
        if accept is None:
            return nothing
        json_schema = self.setting.forms.self_contained(schema)
        fitting = tuple(value for value in (*spot.hints.examples(), *_CATALOGUE) if accept(value))
        relaxed = self._relaxed(json_schema, spot)

        def draw(s: State) -> JsonValue:
            for attempt in relaxed:
                for _ in range(6):
                    try:
                        value = attempt(s)
                    except NothingFits:
                        break
                    if accept(value):
                        return value
            if not fitting:
                raise NothingFits
            return fitting[int(s.random() * len(fitting))]

        return draw

    def _relaxed(self, schema: JsonObject, spot: Spot) -> list[Draw]:
        """Draws of the schema without the keywords that may be at fault: all of them, then one after the other."""
        present = [word for word in _UNMODELED if word in schema]
        draws = []
        for dropped in (present, *([word] for word in present)):
            rest: JsonObject = {key: value for key, value in schema.items() if key not in dropped}
            canonical = canonicalize_schema(rest) if dropped else None
            if canonical is not None and canonical.kind.value not in {"raw", "not"}:
                draws.append(self._by_view(canonical, spot))
        return draws

    def _height(self, schema: Canonical, above: frozenset[str]) -> int:
        view = schema.view()
        match view:
            case ObjectView():
                parts = [view.properties[name] for name in view.required if name in view.properties]
                return 1 + max((self._height(part, above) for part in parts), default=0)
            case ArrayView():
                if not view.min_items:
                    return 1
                parts = [*view.prefix_items, *([view.items] if view.items is not None else [])]
                return 1 + max((self._height(part, above) for part in parts), default=0)
            case AnyOfView() | OneOfView():
                return min((self._height(branch, above) for branch in view.branches), default=_ENDLESS)
            case AllOfView():
                return max((self._height(branch, above) for branch in view.branches), default=0)
            case ReferenceView():
                if view.uri in above or len(above) > 24:  # noqa: PLR2004 - deeper is endless for our purpose
                    return _ENDLESS
                if not above and view.uri in self._heights:
                    return self._heights[view.uri]
                target = self.setting.forms.definition(view.uri)
                height = _ENDLESS if target is None else self._height(target, above | {view.uri})
                if not above:
                    self._heights[view.uri] = height
                return height
        return 0


def _first_of(draws: list[Draw], s: State, accept: Callable[[JsonValue], bool]) -> JsonValue:
    """The first value that is accepted."""
    for draw in draws:
        try:
            value = draw(s)
        except NothingFits:
            continue
        if accept(value):
            return value
    raise NothingFits


def _anything(value: JsonValue) -> bool:
    return True


def _tightly(draw: Draw) -> Draw:
    """A draw of what is required only."""

    def draw_tightly(s: State) -> JsonValue:
        tight, s.tight = s.tight, True
        try:
            return draw(s)
        finally:
            s.tight = tight

    return draw_tightly


def _lazily(compile_: Callable[[Canonical], Draw], schema: Canonical) -> Draw:
    """A draw that is compiled when it is first used."""
    cell: list[Draw] = []

    def draw(s: State) -> JsonValue:
        if not cell:
            cell.append(compile_(schema))
        return cell[0](s)

    return draw


def _judged(draw: Draw, accept: Callable[[JsonValue], bool]) -> Draw:
    """A draw whose values are judged where a strict one is asked for."""

    def draw_judged(s: State) -> JsonValue:
        for _ in range(8 if s.strict else 1):
            value = draw(s)
            if not s.strict or accept(value):
                return value
        raise NothingFits

    return draw_judged


def _beside(hints: Hints, name: str) -> tuple[JsonObject, ...]:
    """What is said beside a reference, as 3.1 allows it: descriptions and examples of the place itself."""
    wanted = f"#/$defs/{name}"
    return tuple(source for source in hints.sources[:3] if source.get("$ref") == wanted and len(source) > 1)


def _nullable(draw: Draw) -> Draw:
    def draw_or_null(s: State) -> JsonValue:
        if s.tight:
            return _or_null(draw, s)
        if not s.exemplary and s.random() < _NULLS:
            return None
        return draw(s)

    return draw_or_null


def _or_null(draw: Draw, s: State) -> JsonValue:
    """A value, unless it would recur without an end: null ends it."""
    if s.depth > 2 * FULL_DEPTH:
        return None
    try:
        return draw(s)
    except NothingFits:
        return None


def _mixed(draws: list[Draw]) -> Draw:
    count = len(draws)
    return lambda s: draws[int(s.random() * count)](s)


def _empty_object(s: State) -> JsonValue:
    return {}


def _boolean(spot: Spot) -> Draw:
    meaning = find_meaning(spot.name, spot.owner, "boolean", "", "")
    chance = float(meaning.kind) if meaning is not None and meaning.kind in BOOLEANS else 0.5
    return lambda s: s.random() < chance


def _is_of(branch: Canonical, type_: str) -> bool:
    kind = branch.kind.value
    if kind == "multi_type":
        return False  # the other types, which a schema without `type` admits as well
    return (
        kind == type_ or (type_ == "number" and kind == "integer") or kind in {"all_of", "any_of", "one_of", "reference", "enum", "const"}
    )


def _is_null(branch: Canonical) -> bool:
    view = branch.view()
    return (isinstance(view, MultiTypeView) and view.types == ["null"]) or (isinstance(view, ConstView) and view.value is None)
