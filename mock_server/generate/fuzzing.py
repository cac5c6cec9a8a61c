"""
Requests of an operation that keep to its document, as Hypothesis searches and shrinks them.

Half of the values are those that Hypothesis searches, see `hypothesis`, half are realistic ones.
"""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Final

from hypothesis import HealthCheck, Phase, find, settings
from hypothesis import strategies as st
from hypothesis.errors import Flaky, NoSuchExample, Unsatisfiable

from mock_server.document.model import Parameter, ParameterLocation
from mock_server.document.references import Node
from mock_server.errors import SchemaError
from mock_server.generate.hypothesis import value_strategy
from mock_server.generate.producer import SampleOptions
from mock_server.generate.request import Drafter, RequestDraft
from mock_server.json_values import JsonValue
from mock_server.schema.dialect import Direction

_ABSENT: Final = object()
_SEEDS: Final = 2**16


@dataclass(frozen=True, slots=True)
class Drafts:
    """Drawn values, and their assembly to a request: Hypothesis prints what it draws, so that is kept small."""

    drawn: st.SearchStrategy[dict[object, object]]
    assemble: Callable[[dict[object, object]], RequestDraft]


def draft_strategy(drafter: Drafter, base: RequestDraft) -> Drafts | None:
    """
    Return the requests of an operation that keep to its document.

    Args:
        drafter: Of the operation.
        base: A good request; what its path names stays, one time in two.

    Returns:
        What to draw; None where there is nothing to vary.
    """
    operation, parts = drafter.operation, dict[object, st.SearchStrategy[object]]()
    for parameter in operation.parameters:
        values = _parameter_strategy(drafter, parameter)
        key = (parameter.location, parameter.name)
        if values is None:
            continue
        if parameter.location is ParameterLocation.PATH:
            if key in base.parameters:
                parts[key] = st.one_of(st.just(base.parameters[key]), values)
            else:
                parts[key] = values
        elif parameter.required:
            parts[key] = values
        else:
            parts[key] = st.one_of(st.just(_ABSENT), values)
    if base.media is not None and base.media.schema is not None:
        body = _schema_strategy(drafter, base.media.schema)
        if body is not None:
            parts["body"] = body
    if not parts:
        return None

    def assemble(drawn: dict[object, object]) -> RequestDraft:
        draft = base
        for key, value in drawn.items():
            if key == "body":
                draft = draft.with_body(value)  # type: ignore[arg-type]
            elif value is _ABSENT:
                draft = draft.without(key)  # type: ignore[arg-type]
            else:
                draft = draft.with_parameter(key, value)  # type: ignore[arg-type]
        return draft

    return Drafts(st.fixed_dictionaries(parts), assemble)


def search(drafts: Drafts, wanted: Callable[[RequestDraft], bool], seed: int, examples: int) -> RequestDraft | None:
    """
    Search for a request, and shrink it.

    Args:
        drafts: What to search.
        wanted: Whether a request is looked for.
        seed: Of the search.
        examples: How many requests are tried at most, before shrinking.

    Returns:
        The smallest that was found; None where none was.
    """
    quiet = settings(
        max_examples=examples,
        database=None,
        deadline=None,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
    )
    try:
        found = find(drafts.drawn, lambda drawn: wanted(drafts.assemble(drawn)), settings=quiet, random=Random(seed))
    except (NoSuchExample, Unsatisfiable, Flaky):  # a provider that does not answer the same twice can't be shrunk
        return None
    return drafts.assemble(found)


def _parameter_strategy(drafter: Drafter, parameter: Parameter) -> st.SearchStrategy[JsonValue] | None:
    if parameter.content is not None:
        schema = parameter.content.schema
    else:
        schema = parameter.schema
    if schema is not None:
        return _schema_strategy(drafter, schema, parameter.name)
    return None


def _schema_strategy(drafter: Drafter, schema: Node, name: str = "") -> st.SearchStrategy[JsonValue] | None:
    def produce(seed: int) -> JsonValue:
        return drafter.producer(schema, name).produce(SampleOptions(seed, static=False))

    try:
        produce(0)
        searched = value_strategy(drafter.kit, schema, Direction.REQUEST)
    except SchemaError:
        return None
    return st.one_of(searched, st.integers(0, _SEEDS).map(produce))
