"""
Undeclared properties: the names that a schema allows, and the schema of each.

Everything is found when an object with such properties is first drawn: a pool of names, and a draw for each.
"""

from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from itertools import islice

from mock_server.generate.clock import is_late
from mock_server.generate.sampler.compiler import DrawCompiler, ValueSite, acceptor, nothing
from mock_server.generate.sampler.draw import MOST_PARTS, Draw, DrawState, NothingFits
from mock_server.generate.seed import derive_seed
from mock_server.json_values import JsonValue
from mock_server.names import nouns_of
from mock_server.schema.canonical import (
    Canonical,
    EnumView,
    FalseView,
    NameFailsView,
    ObjectView,
    PatternValueFailsView,
    TrueView,
    Violation,
    canonicalize_schema,
    find_complement,
    find_intersection,
)
from mock_server.schema.sites import Site

# Names for entries of maps, in the order in which they are used.
_MAP_KEYS = ("default", "primary", "extra", "note", "source", "channel", "region", "tier")
_POOL = 64  # names that are kept
_TRIES = 200
_VIOLATORS = 8  # names that a violation is tried with


class Undeclared:
    """The properties that `properties` does not name, of one view."""

    def __init__(self, compiler: DrawCompiler, view: ObjectView | None, site: ValueSite) -> None:
        """Read the keywords of a view; without one there are none."""
        self._compiler = compiler
        self._site = site
        if view is not None:
            self._declared: dict[str, Canonical] = dict(view.properties)
        else:
            self._declared = {}
        self._least = (view.min_properties or 0 if view is not None else 0) + len(self._declared)
        self._names = view.property_names if view is not None else None
        if view is not None:
            self._other = view.additional_properties
        else:
            self._other = None
        patterns = view.pattern_properties if view is not None else {}
        self._patterns = [
            (pattern, acceptor({"type": "string", "pattern": pattern}), schema) for pattern, schema in patterns.items()
        ]
        if self._names is not None:
            self._name_ok = acceptor(self._names, compiler.context.forms)
        else:
            self._name_ok = None
        self._draws: dict[object, Draw] = {}

    def listed(self) -> frozenset[str]:
        """Return the enumerated names, each free to hold anything."""
        view = self._names.view() if self._names is not None else None
        if isinstance(view, EnumView):
            return frozenset(map(str, view.values))
        return frozenset()

    def allows(self, name: str) -> bool:
        """Return True if a property name is allowed."""
        if self._name_ok is not None and not self._name_ok(name):
            return False
        schema = self.schema_of(name)
        return schema is None or not isinstance(schema.view(), FalseView)

    def schema_of(self, name: str) -> Canonical | None:
        """Return the schema of a property, declared or not; None for anything."""
        if name in self._declared:
            return self._declared[name]
        matching = [schema for _, judge, schema in self._patterns if judge is not None and judge(name)]
        if not matching:
            return self._other
        return self._compiler.merger.merge(matching) or matching[0]

    @cached_property
    def names(self) -> tuple[str, ...]:
        """A pool of names; as many as there have to be, if so many are found."""
        if self._least > MOST_PARTS:
            return ()
        wanted = max(_POOL, self._least)
        fitting = (name for name in self._candidates() if name not in self._declared and self.allows(name))
        return tuple(islice(dict.fromkeys(islice(fitting, 4 * wanted)), wanted))

    @property
    def in_order(self) -> bool:
        """True if names are used in order rather than by chance."""
        return self._names is None and not self._closed

    def draw_of(self, name: str) -> Draw:
        """
        Return the draw of an undeclared property.

        The same for all names that the same schemas speak of.
        """
        key = (name in self._declared, *(judge is not None and judge(name) for _, judge, _ in self._patterns))
        if key not in self._draws:
            schema = self.schema_of(name)
            site = ValueSite(self._site.schema.member("\0"), "", nouns_of(self._site.name))
            if schema is None or isinstance(schema.view(), TrueView):
                self._draws[key] = self._compiler.compile_any(site)
            else:
                self._draws[key] = self._compiler.compile(schema, site)
        return self._draws[key]

    def breaking(self, violation: Violation) -> Draw:
        """Return a property that breaks something, as a negated keyword demands: its name and its value, as a pair."""
        pairs = []
        for name, schema in islice(self._violators(violation), _VIOLATORS):
            if schema is not None:
                draw = self._compiler.compile(schema, ValueSite(Site()))
            else:
                draw = self._compiler.compile_any(ValueSite(Site()))
            pairs.append((name, draw))
        if not pairs:
            return nothing

        def draw_pair(s: DrawState) -> JsonValue:
            name, draw = pairs[int(s.random() * len(pairs))]
            return [name, draw(s)]

        return draw_pair

    @property
    def _closed(self) -> bool:
        return self._other is not None and isinstance(self._other.view(), FalseView)

    def _candidates(self) -> Iterator[str]:
        if self._names is not None:
            yield from self._written(self._names)
        if self._closed or (self._other is None and self._patterns):
            for pattern, _, _ in self._patterns:
                yield from self._matching(pattern)
        if not self._closed:
            yield from _MAP_KEYS
            yield from (f"key{index}" for index in range(len(_MAP_KEYS), 4 * max(_POOL, self._least)))
        for pattern, _, _ in self._patterns:
            yield from self._matching(pattern)

    def _matching(self, pattern: str) -> Iterator[str]:
        """Return names that match a pattern."""
        schema = canonicalize_schema({"type": "string", "pattern": pattern})
        if schema is not None and self._names is not None:
            schema = find_intersection(schema, self._names) or schema
        if schema is not None:
            return self._written(schema)
        return iter(())

    def _written(self, schema: Canonical) -> Iterator[str]:
        """Yield names that a schema of names admits."""
        view = schema.view()
        if isinstance(view, EnumView):
            yield from map(str, view.values)
            return
        draw = self._compiler.compile(schema, ValueSite(Site(), various=True))
        state = DrawState(derive_seed(self._compiler.context.pools.seed, "names"), static=False, echo={})
        for _ in range(max(_TRIES, 2 * self._least)):
            state.row = (state.row + 257) & 65535
            if is_late():
                return
            try:
                name = draw(state)
            except NothingFits:
                return
            if isinstance(name, str):
                yield name

    def _violators(self, violation: Violation) -> Iterator[tuple[str, Canonical | None]]:
        """Yield names, each with the schema that breaks a rule."""
        if isinstance(violation, NameFailsView):
            rejected = find_complement(violation.schema)
            for name in self._named(rejected) if rejected is not None else ():
                if self.allows(name):
                    yield name, self.schema_of(name)
            return
        if isinstance(violation, PatternValueFailsView):
            broken = find_complement(violation.schema)
            judges = [acceptor({"type": "string", "pattern": violation.pattern})]
            names: Iterable[str] = (*self._declared, *islice(dict.fromkeys(self._matching(violation.pattern)), _POOL))
            fits = _all_of(judges, wanted=True)
        else:
            broken = find_complement(violation.additional)
            judges = [acceptor({"type": "string", "pattern": pattern}) for pattern in violation.patterns]
            names = (name for name in (*self._declared, *self.names) if name not in violation.names)
            fits = _all_of(judges, wanted=False)
        for name in names:
            if fits(name) and self.allows(name) and broken is not None:
                own = self.schema_of(name)
                if own is not None:
                    value = self._compiler.merger.merge([own, broken])
                else:
                    value = broken
                if value is not None and not isinstance(value.view(), FalseView):
                    yield name, value

    def _named(self, schema: Canonical) -> Iterator[str]:
        text = canonicalize_schema({"type": "string"})
        for other in (text, self._names):
            if other is not None:
                schema = find_intersection(schema, other) or schema
        return iter(dict.fromkeys(self._written(schema)))


def _all_of(judges: list[Callable[[JsonValue], bool] | None], *, wanted: bool) -> Callable[[JsonValue], bool]:
    """Return True if all judges agree on a name."""
    return lambda name: all(judge is not None and judge(name) is wanted for judge in judges)
