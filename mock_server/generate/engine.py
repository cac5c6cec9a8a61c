"""The state that all operations of one document share: schemas, canonical forms, pools."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property, partial

from mock_server.document.document import Document
from mock_server.document.model import Operation, Parameter, ParameterLocation
from mock_server.document.references import Node
from mock_server.errors import UsageError
from mock_server.exchange.router import iter_literals
from mock_server.generate.elsewhere import Elsewhere
from mock_server.generate.envelope import take
from mock_server.generate.producer import Producer
from mock_server.generate.realism.meaning import is_identifier
from mock_server.generate.realism.pools import Pools
from mock_server.generate.sampler.compiler import Echo
from mock_server.generate.sampler.list_writer import RowCache
from mock_server.generate.text.texts import has_format
from mock_server.json_values import Pointer
from mock_server.names import nouns_of, split_words
from mock_server.schema.bundle import SchemaSets
from mock_server.schema.canonical import Forms
from mock_server.schema.dialect import Direction, Purpose, Syntax
from mock_server.schema.sites import Site, site_of
from mock_server.schema.validate import pattern_ok
from mock_server.settings import Settings
from mock_server.timing.clock import clock_of

DEFAULT_LOCALE = "en_US"
_ONE_VARIABLE = re.compile(r"\{\+?([^{}]+?)[+*]?\}")


@dataclass(eq=False, repr=False)
class Engine:
    """The tools of one document. Everything in it is made when it is first needed."""

    document: Document
    settings: Settings
    _sets: SchemaSets | None = None
    _forms: dict[tuple[Direction, Purpose], Forms] = field(default_factory=dict)
    _pools: dict[str, Pools] = field(default_factory=dict)
    _row_cache: RowCache = field(default_factory=RowCache)
    _outlines: dict[tuple[Direction, Purpose, tuple[str, Pointer]], Site] = field(default_factory=dict)

    @property
    def schemas(self) -> SchemaSets:
        """The schemas of the document."""
        if self._sets is None:
            self._sets = SchemaSets(
                self.document.references, self.document.version.is_json_schema, Syntax(pattern_ok, has_format)
            )
        return self._sets

    @property
    def locale(self) -> str:
        """The locale of generated values: the setting, the document's `x-mock`, or English."""
        named = take(self.document.resource.value, ("x-mock", "locale"))
        return self.settings.locale or (named if isinstance(named, str) else DEFAULT_LOCALE)

    @cached_property
    def now(self) -> datetime:
        """The moment that generated moments lie around."""
        return clock_of(self.settings.now).anchor()

    def pools(self, locale: str | None = None) -> Pools:
        """
        Return the pools of a locale.

        Raises:
            UsageError: the locale is unknown.
        """
        name = locale or self.locale
        if name not in self._pools:
            try:
                self._pools[name] = Pools(name, self.settings.seed, self.now)
            except UsageError:
                if locale is not None or self.settings.locale is not None:
                    raise
                self._pools[name] = Pools(DEFAULT_LOCALE, self.settings.seed, self.now)
        return self._pools[name]

    @cached_property
    def elsewhere(self) -> Elsewhere:
        """The examples that the document has of properties of the same name."""
        return Elsewhere(self.document.resource.value)

    def outline(self, schema: Node, direction: Direction, purpose: Purpose) -> Site:
        """
        Return the outline of a schema, gathered once.

        Raises:
            UnusableSchema: the schema can't be translated.
        """
        key = (direction, purpose, schema.key)
        if key not in self._outlines:
            self._outlines[key] = site_of(self.schemas.of(direction, purpose).bundle(schema))
        return self._outlines[key]

    def forms(self, direction: Direction, purpose: Purpose) -> Forms:
        """Return the canonical forms of one use."""
        key = (direction, purpose)
        if key not in self._forms:
            self._forms[key] = Forms(self.schemas.of(direction, purpose))
        return self._forms[key]

    def producer(
        self,
        schema: Node,
        operation: Operation,
        *,
        name: str = "",
        direction: Direction = Direction.RESPONSE,
        locale: str | None = None,
    ) -> Producer:
        """
        Make the producer of a schema.

        Args:
            schema: The Schema Object.
            operation: Whose parameters are echoed.
            name: What the value is, where the schema does not say.
            direction: Of the message it is for.
            locale: Instead of the usual one.

        Raises:
            UnusableSchema: the schema can't be translated.
            UsageError: the locale is unknown.
        """
        answers = direction is Direction.RESPONSE
        make = partial(
            Producer,
            pools=self.pools(locale),
            name=name,
            echoes=find_echoes(operation),
            overrides=self._overrides(operation),
            row_cache=self._row_cache,
            answers=answers,
            elsewhere=self.elsewhere,
            item_variable=self._item_variable(operation) if answers else "",
        )

        def lenient() -> Producer:
            return make(self.schemas.of(direction, Purpose.JUDGE).bundle(schema), self.forms(direction, Purpose.JUDGE))

        made = self.schemas.of(direction, Purpose.MAKE).bundle(schema)
        return make(made, self.forms(direction, Purpose.MAKE), fallback=lenient)

    def _item_variable(self, operation: Operation) -> str:
        """
        Return the variable of the path of one thing, below the path of a list.

        `petId`; empty where there is none.
        """
        prefix = operation.entry.template.rstrip("/") + "/"
        if operation.method != "GET":
            return ""
        readable = (entry.template for entry in self.document.entries if entry.method == "GET")
        below = (template.removeprefix(prefix).rstrip("/") for template in readable if template.startswith(prefix))
        found = (_ONE_VARIABLE.fullmatch(rest) for rest in below)
        return next((match.group(1) for match in found if match is not None), "")

    def _overrides(self, operation: Operation) -> Mapping[str, str]:
        own = self.settings.for_operation(operation.id, operation.entry.title).fields
        return {**self.settings.fields, **own}


def find_echoes(operation: Operation) -> tuple[Echo, ...]:
    """
    List the parameters that answers repeat.

    What a parameter identifies is said by its own name (`petId`), or by the segment before it (`/pets/{id}`).
    """
    found = []
    for parameter in operation.parameters:
        if parameter.location not in {ParameterLocation.PATH, ParameterLocation.QUERY}:
            continue
        words = split_words(parameter.name)
        nouns, is_noun = nouns_of(" ".join(words[:-1])) if len(words) > 1 else frozenset(), False
        if parameter.location is ParameterLocation.PATH:
            before = _segment_before(operation.entry.template, parameter.name)
            is_noun = not is_identifier(parameter.name) and bool(nouns_of(parameter.name) & before)
            nouns |= before
        found.append(
            Echo(parameter.name, nouns, parameter.location is ParameterLocation.PATH, _first_of(parameter), is_noun)
        )
    return tuple(found)


def _first_of(parameter: Parameter) -> int:
    """Return the number of the first page: 0 or 1."""
    if parameter.schema is not None:
        schema = parameter.schema.value
    else:
        schema = None
    if isinstance(schema, dict) and 0 in (schema.get("minimum"), schema.get("default")):
        return 0
    return 1


def _segment_before(template: str, name: str) -> frozenset[str]:
    before, found, _ = template.partition("{" + name + "}")
    literal = next(iter_literals(before), "") if found else ""
    return nouns_of(literal)


def name_of_operation(operation: Operation) -> str:
    """Return the name of an operation's resource: the last literal segment of its path."""
    return next(iter_literals(operation.entry.template), "")
