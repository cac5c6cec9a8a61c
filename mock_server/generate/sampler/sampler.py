"""
The sampler: a canonical schema at its site, compiled to a function of a state.

Definitions are compiled when they are first drawn, so a schema that refers to seven hundred others costs what is used.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import orjson

from mock_server.errors import UnusableSchema
from mock_server.generate.contents import Content, content_of
from mock_server.generate.realism import tables
from mock_server.generate.realism.meaning import find_meaning
from mock_server.generate.realism.pools import ROWS
from mock_server.generate.sampler.arrays import compile_array
from mock_server.generate.sampler.combinators import (
    compile_all_of,
    compile_any_of,
    compile_one_of,
    compile_search,
    nullable,
)
from mock_server.generate.sampler.compiler import (
    ByRow,
    Merger,
    SamplerContext,
    ValueSite,
    acceptor,
    by_chance,
    direct_references,
    from_values,
    meaning_of,
    nothing,
)
from mock_server.generate.sampler.draw import Draw, DrawState, closed
from mock_server.generate.sampler.numbers import compile_integer, compile_number
from mock_server.generate.sampler.objects import compile_object
from mock_server.generate.sampler.sizes import Extents
from mock_server.generate.sampler.strings import compile_string, find_faker
from mock_server.generate.seed import derive_random
from mock_server.generate.text.language import Language
from mock_server.generate.text.regex import RegexError
from mock_server.generate.text.texts import TextConstraints
from mock_server.json_values import JsonValue
from mock_server.names import joined, split_words
from mock_server.pausing import pause
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
    is_same,
)
from mock_server.schema.sites import Alternative, Site, Subschema, iter_alternatives

# A definition that is entered so often leads to itself without an end, and any value will do.
_CIRCLE = 20
_MOST_NODES = 8_000  # that are compiled for the values of one schema
_DEEPEST_TEXT = 3  # JSON texts within JSON texts
_LONGEST_PADDED = 10_000  # characters of a JSON text that has a least length


@dataclass(eq=False, repr=False)
class Sampler:
    """Compiles nodes to draws; see `compiling.Compiler`."""

    context: SamplerContext
    root: Canonical
    _definitions: dict[tuple[str, str], Draw] = field(default_factory=dict)
    _alternatives: dict[int, list[tuple[Alternative, Canonical | None]]] = field(default_factory=dict)
    _compiled: int = 0  # nodes
    _within: int = 0  # how many JSON texts are being drawn, each in another

    def __post_init__(self) -> None:
        self.extents = Extents(self.context.forms)
        self.merger = Merger(self.context.forms)

    def compile(self, schema: Canonical, site: ValueSite) -> Draw:
        """Compile a node."""
        draw = self.compile_bare(schema, site)
        return self._with_examples(schema, site, draw)

    def compile_any(self, site: ValueSite, otherwise: str = "string") -> Draw:
        """Compile a node without a type: the type that its keywords imply, else another."""
        return self._type(site.schema.implied_type or otherwise, site)

    def compile_untyped(self, site: ValueSite) -> Draw:
        """
        Compile a schema without keywords.

        An object, as other generators read it, unless its name means a text.
        """
        return self.compile_any(site, "object" if meaning_of(site, "string", "") is None else "string")

    def compile_pattern(self, pattern: str) -> Draw:
        """Compile the names that match a pattern."""
        try:
            language = Language(pattern)
        except RegexError:
            return nothing
        random = derive_random(self.context.pools.seed, "name", pattern)
        judge = acceptor({"type": "string", "pattern": pattern})
        written = (language.draw_with_demands(random, least) for least in range(12) for _ in range(6))
        return from_values(
            tuple(dict.fromkeys(text for text in written if text is not None and (judge is None or judge(text)))),
            pattern,
        )

    def narrow(self, branch: Canonical, site: ValueSite) -> ValueSite:
        """
        Return the site of one alternative.

        What is said of it is what is said of that alternative, where its form identifies it.
        """
        if isinstance(branch.view(), ReferenceView):
            return site
        for part in site.schema.parts:
            for alternative, form in self._forms_of_alternatives(part):
                if form is not None and is_same(form, branch):
                    return replace(site, schema=site.schema.narrow(alternative), about=site.description)
        return site

    def _forms_of_alternatives(self, part: Subschema) -> list[tuple[Alternative, Canonical | None]]:
        key = id(part.schema)  # it belongs to the bundle, which lives as long as this does
        if key not in self._alternatives:
            alternatives = iter_alternatives(part.path, part.schema)
            written = [each for each in alternatives if isinstance(each.schema, dict) and "$ref" not in each.schema]
            self._alternatives[key] = [(each, self.context.forms.part(each.schema, is_branch=True)) for each in written]
        return self._alternatives[key]

    def compile_bare(self, schema: Canonical, site: ValueSite) -> Draw:  # noqa: PLR0911, PLR0912 - one line for each kind of view
        """
        Compile a node, documented examples left aside.

        Raises:
            UnusableSchema: there are too many.
        """
        self._count_node()
        view = schema.view()
        match view:
            case StringView():
                return self._string(view, site)
            case IntegerView():
                return compile_integer(self.context, view, site)
            case NumberView():
                return compile_number(self.context, view, site)
            case ArrayView():
                return compile_array(self, view, site)
            case ObjectView():
                return compile_object(self, view, site)
            case ConstView():
                return from_values((as_json(view.value),), "")
            case EnumView():
                return self._enum(tuple(map(as_json, view.values)), site)
            case MultiTypeView():
                return self._types(view.types, site)
            case ReferenceView():
                return self._reference(view.uri, site)
            case AnyOfView():
                return compile_any_of(
                    self, view.branches, site, lambda branch: self.compile(branch, self.narrow(branch, site))
                )
            case OneOfView():
                return compile_one_of(self, schema, view.branches, site)
            case AllOfView() | TypedGroupView():
                return compile_all_of(self, schema, site)
            case RawView() | NotView():
                return compile_search(self, schema, site)
            case FalseView():
                return nothing
        return self.compile_untyped(site)

    def _with_examples(self, schema: Canonical, site: ValueSite, draw: Draw) -> Draw:
        """Use the documented example of a part in exemplary draws, where it fits."""
        if (
            "x-faker" in {key for source in site.schema.sources for key in source}
            or site.name in self.context.overrides
        ):
            return draw
        examples = [example for example in site.schema.examples() if example is not None][:8]
        if not examples:
            return draw
        fitting: list[JsonValue] = []
        judged: list[bool] = []
        context = self.context

        def draw_example(s: DrawState) -> JsonValue:
            if not s.exemplary:
                return draw(s)
            if not s.verify and not context.distrustful:
                return examples[0]
            if not judged:
                judged.append(True)
                accept = acceptor(schema, context.forms)
                fitting.extend(example for example in examples if accept is not None and accept(example))
            if fitting:
                return fitting[0]
            return draw(s)

        if isinstance(draw, ByRow):
            return draw.with_example(draw_example)
        return draw_example

    def _types(self, types: list[str], site: ValueSite) -> Draw:
        """Compile several types: null now and then, of the others the one that the keywords imply."""
        others = [type_ for type_ in types if type_ != "null"]
        if not others:
            return from_values((None,), "")
        implied = site.schema.implied_type
        if implied in others:
            others = [implied] if implied else others
        elif len(others) > 3 and "string" in others:  # noqa: PLR2004 - nothing is said of the type: text is expected
            others = ["string"]
        order = ("string", "integer", "number", "boolean", "object", "array")
        draw = self._type(min(others, key=order.index), site)
        if len(others) > 1 and "number" not in others:
            draws = [self._type(type_, site) for type_ in others]
            draw = _mixed(draws)
        if "null" in types:
            return nullable(draw)
        return draw

    def _count_node(self) -> None:
        """
        Count a node that is compiled.

        Raises:
            UnusableSchema: there are too many.
        """
        pause()
        self._compiled += 1
        if self._compiled > _MOST_NODES:
            raise UnusableSchema(self.context.place, f"its values have more than {_MOST_NODES:,} different parts")

    def _type(self, type_: str, site: ValueSite) -> Draw:
        self._count_node()
        if type_ == "string":
            return self._string(None, site)
        if type_ == "integer":
            return compile_integer(self.context, None, site)
        if type_ == "number":
            return compile_number(self.context, None, site)
        if type_ == "array":
            return compile_array(self, None, site)
        if type_ == "object":
            if site.schema.names or site.schema.is_map:
                return compile_object(self, None, site)
            return _empty_object
        return _boolean(site)

    def _string(self, view: StringView | None, site: ValueSite) -> Draw:
        """
        Compile strings; those with content hold a JSON text of its schema, a small file, or an encoded text.

        Source: JSON Schema 2020-12 Validation, section 8
        """
        draw = compile_string(self.context, view, site)
        content = content_of(site.schema)
        demands = TextConstraints.of(view, site.schema.formats)
        if content.is_of_json:
            return self._json_text(draw, content, demands, site)
        data = content.find_bytes()
        text = content.encode(data) if data is not None else None
        if text is not None and (demands.judge is None or demands.judge(text)):
            return from_values((text,), "")
        if data is not None or not content.encoding or content.is_encoded:
            return draw
        return _encoded(draw, content, demands)

    def _json_text(self, draw: Draw, content: Content, demands: TextConstraints, site: ValueSite) -> Draw:
        """Draw JSON texts of `contentSchema`; plain strings where those don't fit."""
        schema = site.schema.annotation("contentSchema")
        form = self.context.forms.part(True if schema is None else schema)
        if form is None:
            return draw
        content_site = self.context.sites.root(schema) if schema is not None else Site()
        inner = ValueSite(content_site, site.name, site.owner)
        compiled = self.compile(form, inner)
        accept = demands.judge

        def draw_content(s: DrawState) -> JsonValue:
            if self._within >= _DEEPEST_TEXT:  # each level doubles the backslashes of the one in it
                return draw(s)
            self._within += 1
            try:
                written = [orjson.dumps(compiled(s), default=closed) for _ in range(1 + content.is_of_lines)]
            finally:
                self._within -= 1
            # JSON may end in spaces: so it is as long as it has to be
            if content.is_of_lines:
                data = b"".join(line + b"\n" for line in written)
            else:
                data = written[0].ljust(min(demands.least, _LONGEST_PADDED))
            text = content.encode(data)
            if text is not None and (accept is None or accept(text)):
                return text
            return draw(s)

        return draw_content

    def _enum(self, values: tuple[JsonValue, ...], site: ValueSite) -> Draw:
        named = find_faker(self.context, self.context.overrides.get(site.name, site.schema.annotation("x-faker")))
        if named is not None:
            values = tuple(value for value in values if value in named) or values
        values = _outcomes(values, site.name)
        if None in values and len(values) > 1:
            return nullable(from_values(tuple(value for value in values if value is not None), site.name))
        return from_values(values, site.name)

    def _reference(self, uri: str, site: ValueSite) -> Draw:
        target = self.context.forms.definition(uri)
        name = uri.removeprefix("#/$defs/")
        if target is None:
            return nothing
        said = self.context.sites.definition(name)
        parts = (*said.parts, *_read_siblings(site.schema, name))
        own = replace(
            site, schema=Site(parts, self.context.sites, said.nouns or site.schema.nouns), about=site.description
        )
        if not direct_references(target) and target.kind.value not in {"object", "array", "any_of", "all_of", "one_of"}:
            return self.compile(target, own)  # a scalar: its meaning depends on the property
        key = (uri, site.name if target.kind.value != "object" else "")
        definitions = self._definitions
        if not self.context.forms.recurs(uri):
            if key not in definitions:
                definitions[key] = self.compile(target, own)
            return definitions[key]

        def draw(s: DrawState) -> JsonValue:
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


def _read_siblings(site: Site, name: str) -> Iterator[Subschema]:
    """Find the siblings of a `$ref`, which 3.1 allows: descriptions and examples of the site itself."""
    for path, schema, _ in site.parts[:3]:
        if schema.get("$ref") == f"#/$defs/{name}" and len(schema) > 1:
            yield Subschema(path, schema)


def _outcomes(values: tuple[JsonValue, ...], name: str) -> tuple[JsonValue, ...]:
    """Return the states of a job that end it well, so that clients that poll it stop."""
    if not set(split_words(name)[-1:]) & {"status", "state", "phase", "stage"}:
        return values
    words = {value: joined(value) for value in values if isinstance(value, str)}
    done = tuple(value for value, word in words.items() if word in tables.DONE)
    if done and tables.UNDER_WAY & set(words.values()):
        return done[:1]
    return values


def _encoded(draw: Draw, content: Content, demands: TextConstraints) -> Draw:
    """Draw encoded texts; unencoded ones where those don't fit."""
    accept = demands.judge

    def draw_encoded(s: DrawState) -> JsonValue:
        plain = draw(s)
        text = None
        if isinstance(plain, str):
            text = content.encode(plain.encode("utf-8", "replace"))
        if text is not None and (accept is None or accept(text)):
            return text
        return plain

    return draw_encoded


def _mixed(draws: list[Draw]) -> Draw:
    count = len(draws)
    return lambda s: draws[int(s.random() * count)](s)


def _empty_object(s: DrawState) -> JsonValue:
    return {}


def _boolean(site: ValueSite) -> Draw:
    meaning = find_meaning(site.name, site.owner, "boolean", "", "")
    if meaning is not None and meaning.kind in tables.BOOLEANS:
        chance = float(meaning.kind)
    else:
        chance = 0.5
    random = derive_random("boolean", site.name, *sorted(site.owner))
    return by_chance(tuple(random.random() < chance for _ in range(ROWS)))
