"""Each format's record: what is valid, near misses, edge cases, written and realistic values; and that it is the only list of formats."""

import ast
from collections.abc import Iterator
from pathlib import Path
from random import Random

import orjson
import pytest
from hypothesis import given, settings

import mock_server
from mock_server.document.model import Operation
from mock_server.generate.engine import Engine
from mock_server.generate.hypothesis import format_strategy, value_strategy
from mock_server.generate.producer import SampleOptions
from mock_server.generate.realism.pools import Pools
from mock_server.schema.assertions import SecondJudge
from mock_server.schema.dialect import Direction, Purpose
from mock_server.schema.formats import FORMATS, Format
from mock_server.schema.validate import Validator, compile_schema
from mock_server.settings import Settings
from tests.support.mocks import minimal, operation

RECORDS = list(FORMATS.values())
# What `meaning` may be besides the kinds of values.
MEANINGS = {"", "moment", "url", "numeral", "decimal", "bytes"}
PACKAGE = Path(mock_server.__file__).parent
# Where the names are those of kinds of values, and of types that documents invent.
NOT_FORMATS = {"generate/realism/tables.py", "generate/realism/pools.py", "schema/types.py"}
# Names that are words of property names and header fields, too.
WORDS = {"date", "time", "datetime", "url", "uri", "duration", "timestamp", "uuid", "guid", "password", "binary", "ip", "zip", "language", "color", "phone", "email", "currency", "iban", "isbn"}  # fmt: skip


def described(record: Format) -> dict:
    return {"type": "string", "format": record.name}


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    """A document with an operation for each format, whose answer is a list of such texts."""
    path = tmp_path_factory.mktemp("formats") / "d.json"
    paths = {
        f"/{record.name}": {
            "get": operation({"type": "array", "items": described(record), "minItems": 20, "maxItems": 20})
        }
        for record in RECORDS
    }
    path.write_bytes(orjson.dumps(minimal(paths, "3.1.0")))
    return Engine(mock_server.load(path), Settings())


def operation_of(engine: Engine, record: Format) -> Operation:
    return engine.document.operation(engine.document.entries[RECORDS.index(record)])


@pytest.mark.parametrize("record", [each for each in RECORDS if each.is_asserted], ids=lambda record: record.name)
def test_what_is_written_and_every_edge_is_valid_and_every_near_miss_is_refused(record: Format, engine: Engine) -> None:
    schema = operation_of(engine, record).responses[0].content[0].schema
    bundle = engine.schemas.of(Direction.RESPONSE, Purpose.JUDGE).bundle(schema)
    judges = [Validator(bundle).is_valid, SecondJudge(bundle).is_valid]
    if record.name == "regex":  # the second judge leaves ECMA-262 to the first
        del judges[1:]
    written = [record.write(Random(seed)) for seed in range(20)]
    texts = [*written, *(text for _, text in (*record.edges, *record.extremes))]

    assert written[0]
    assert record.near_misses
    assert [text for text in texts if not all(is_valid([text] * 20) for is_valid in judges)] == []
    assert [text for text in record.near_misses if judges[0]([text] * 20)] == []
    # what the second judge takes all the same is no proven payload, so that there has to be another near miss
    assert not all(judges[-1]([text] * 20) for text in record.near_misses)


@pytest.mark.parametrize("record", [each for each in RECORDS if each.bounds is None], ids=lambda record: record.name)
def test_realistic_values_have_the_format(record: Format, engine: Engine) -> None:
    found = operation_of(engine, record)
    values = engine.producer(found.responses[0].content[0].schema, found).produce(SampleOptions(0))

    assert all(map(compile_schema(described(record)).is_valid, values))
    assert len(set(values)) > 1 or not record.is_asserted


@pytest.mark.parametrize("record", [each for each in RECORDS if each.bounds], ids=lambda record: record.name)
def test_both_bounds_of_a_number_are_taken_and_nothing_beyond(record: Format, tmp_path: Path) -> None:
    path = tmp_path / "d.json"
    path.write_bytes(
        orjson.dumps(minimal({"/": {"get": operation({"type": "number", "format": record.name})}}, "3.1.0"))
    )
    document = mock_server.load(path)
    schema = document.operation(document.entries[0]).responses[0].content[0].schema
    is_valid = Validator(
        Engine(document, Settings()).schemas.of(Direction.RESPONSE, Purpose.JUDGE).bundle(schema)
    ).is_valid
    least, most = record.bounds

    assert is_valid(least)
    assert is_valid(most)
    assert not is_valid(least * 2 - 1)
    assert not is_valid(most * 2 + 1)


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.name)
def test_what_a_format_means_is_a_kind_of_value(record: Format) -> None:
    assert record.meaning in MEANINGS or Pools("en_US", 0).column(record.meaning)


@pytest.mark.parametrize("record", [each for each in RECORDS if each.is_asserted], ids=lambda record: record.name)
def test_hypothesis_draws_texts_of_every_format(record: Format, engine: Engine) -> None:
    texts = format_strategy(record.name)
    if texts is None:
        texts = value_strategy(engine, operation_of(engine, record).responses[0].content[0].schema, Direction.RESPONSE)
        texts = texts.map(lambda value: value[0])
    is_valid = compile_schema(described(record)).is_valid

    @given(texts)
    @settings(max_examples=10)
    def check(text: str) -> None:
        assert is_valid(text)

    check()


def literals(path: Path) -> Iterator[tuple[int, set[str]]]:
    """List the texts of each literal that is a list of things: a dictionary's keys, the members of a tuple, list or set."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Dict):
            members = node.keys
        elif isinstance(node, ast.Tuple | ast.List | ast.Set):
            members = node.elts
        else:
            continue
        yield (
            node.lineno,
            {each.value for each in members if isinstance(each, ast.Constant) and isinstance(each.value, str)},
        )


def test_no_other_module_names_two_formats_in_one_table() -> None:
    """A new format is a record, and nothing else: a second table would have to agree with the first."""
    found = {
        (str(path.relative_to(PACKAGE)), line)
        for path in PACKAGE.rglob("*.py")
        for line, texts in literals(path)
        if len(named := texts & FORMATS.keys()) > 1 and named - WORDS
    }

    assert {name for name, _ in found} - {"schema/formats.py", *NOT_FORMATS} == set(), found
