"""Plans, formats and shards: number N is the same bytes, whoever makes it, and a run goes on where it was killed."""

import csv
import io
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson
import pytest

import mock_server
from mock_server.errors import UsageError
from mock_server.exchange.body import write_json
from mock_server.generate.engine import Engine
from mock_server.payloads import parquet
from mock_server.payloads.executors import OpenedExecutor, Processes, ThisProcess, run_pieces
from mock_server.payloads.formats import FORMATS
from mock_server.payloads.jobs import SHARD, Job, run, stream
from mock_server.payloads.plan import ALL_KINDS, PayloadPlan
from mock_server.payloads.table import COLUMNS, flatten
from mock_server.payloads.targets import PayloadChoice
from mock_server.settings import Settings
from tests.support.mocks import minimal, operation
from tests.support.paths import DOCUMENT, ROOT

CHOICE = PayloadChoice(kinds=("boundary", "invalid"), status="200")


def plan(choice: PayloadChoice = CHOICE, document: object = None, **settings: object) -> PayloadPlan:
    return PayloadPlan(Engine(mock_server.load(document or DOCUMENT), Settings(**settings)), choice)


def job(count: int = 3 * SHARD + 5, format_: str = "ndjson", **changes: object) -> Job:
    given = {
        "document": str(DOCUMENT),
        "settings": Settings(),
        "choice": CHOICE,
        "format": format_,
        "offset": 0,
        "count": count,
        **changes,
    }
    return Job(**given)


def quiet(done: int, total: int | None, what: str) -> None:
    """Nobody watches."""


def test_any_payload_can_be_made_alone() -> None:
    whole = [write_json(record.value) for record in plan().records(0, 900)]

    for number in (0, 17, 640, 899):
        assert write_json(plan().record(number).value) == whole[number]


def test_another_seed_makes_other_values_of_the_same_rules() -> None:
    one, other = list(plan(seed=1).records(0, 40)), list(plan(seed=2).records(0, 40))

    assert [record.rule for record in one] == [record.rule for record in other]
    assert [record.value for record in one] != [record.value for record in other]


def test_when_all_rules_had_their_turn_they_come_again_around_other_values() -> None:
    made = plan()
    length = made.length()
    first, again = made.record(100), made.record(100 + length)

    assert (first.rule, first.breaks) == (again.rule, again.breaks)
    assert first.value != again.value


TWO = minimal(
    {
        "/a": {"get": operation({"type": "integer", "minimum": 1, "maximum": 5})},
        "/b": {"get": operation({"type": "string", "maxLength": 9})},
    }
)


@pytest.mark.parametrize("start", [0, 3, 10_000])
def test_each_rule_once_is_as_many_payloads_as_there_are_rules(tmp_path: Path, start: int) -> None:
    path = tmp_path / "d.json"
    path.write_bytes(orjson.dumps(TWO))
    counted = plan(PayloadChoice(kinds=ALL_KINDS), path)
    length = counted.length()
    once = [(record.number, record.rule, record.value) for record in plan(counted.choice, path).once(start)]

    assert once == [(record.number, record.rule, record.value) for record in counted.records(start, length)]
    assert sorted(rule for _, rule, _ in once) == sorted(record.rule for record in counted.records(0, length))


def test_the_first_payload_waits_for_no_other_operation(tmp_path: Path) -> None:
    path = tmp_path / "d.json"
    path.write_bytes(orjson.dumps(TWO))
    made = plan(PayloadChoice(kinds=ALL_KINDS), path)

    assert next(made.once()).number == 0
    assert [lane.target.operation.entry.template for lane in made.opened] == ["/a"]


@pytest.mark.parametrize("kind", ALL_KINDS)
def test_every_kind_says_whether_it_is_valid(kind: str) -> None:
    for record in plan(PayloadChoice(kinds=(kind,), status="200")).records(0, 60):
        assert record.kind == kind
        assert record.valid is (kind != "invalid")
        assert bool(record.breaks) is not record.valid


def body(record: dict, direction: str = "response") -> object:
    return record["payload"] if direction == "response" else json.loads(record["request"]["body"])


REQUESTS = minimal({"/pets/{petId}": {"post": operation({"type": "object"}, parameters=[
    {"name": "petId", "in": "path", "required": True, "schema": {"type": "integer", "minimum": 1}},
    {"name": "limit", "in": "query", "schema": {"type": "integer", "maximum": 50}},
    {"name": "q", "in": "query", "schema": {"type": "string", "maxLength": 5}},
    {"name": "X-Kind", "in": "header", "schema": {"enum": ["a", "b"]}},
], requestBody={"required": True, "content": {"application/json": {"schema": {"type": "object", "required": ["name"], "properties": {"name": {"type": "string", "maxLength": 9}}}}}})}})  # fmt: skip


def test_requests_are_whole_and_wrong_in_one_part_only(tmp_path: Path) -> None:
    path = tmp_path / "d.json"
    path.write_bytes(orjson.dumps(REQUESTS))
    document = mock_server.load(path)
    made = plan(PayloadChoice(kinds=("boundary", "invalid"), direction="request"), path)
    parts = set()
    for record in made.records(0, made.length()):
        found = [f for f in mock_server.judge(document, record.request) if f.level.name == "ERROR"]
        parts.add(record.part)
        where = ("body",) if record.part == "body" else tuple(record.part.split(":"))

        assert bool(found) is not record.valid, record.rule
        assert {finding.instance[: len(where)] for finding in found} <= {where}, record.rule

    assert parts == {"path:petId", "query:limit", "query:q", "header:X-Kind", "body"}


def test_a_required_part_that_is_left_out_is_a_rule_of_its_own(tmp_path: Path) -> None:
    document = orjson.loads(orjson.dumps(REQUESTS))
    document["paths"]["/pets/{petId}"]["post"]["parameters"][1]["required"] = True
    path = tmp_path / "d.json"
    path.write_bytes(orjson.dumps(document))
    made = plan(PayloadChoice(kinds=("invalid",), direction="request"), path)
    rules = {record.rule: record for record in made.records(0, made.length())}

    assert b"limit" not in rules["query:limit:required:absent"].request.query
    assert rules["body:required:absent"].request.body == b""
    assert made.find("body:required:absent") is not None
    assert not rules["body:required:absent"].valid


def test_combinations_say_what_they_are_made_of() -> None:
    made = plan(PayloadChoice(kinds=("pairwise",), status="400"))
    singles = {record.rule for record in plan(PayloadChoice(kinds=("boundary",), status="400")).records(0, 60)}
    for record in made.records(0, made.length()):
        assert len(record.combines) > 2
        assert set(record.combines) <= singles


def test_what_the_wire_can_not_tell_is_left_out_with_its_reason(tmp_path: Path) -> None:
    path = tmp_path / "d.json"
    path.write_bytes(orjson.dumps(REQUESTS))
    made = plan(PayloadChoice(kinds=("invalid",), direction="request"), path)
    texts = next(lane for lane in made.lanes() if lane.target.part == "query:q")
    reasons = {missed.rule: missed.reason for missed in texts.unreached()}

    assert "conforms" in reasons["body:type:number"]


def written(format_: str, tmp_path: Path, count: int = 40) -> bytes:
    run(job(count, format_), tmp_path / "out", ThisProcess(), quiet)
    return (tmp_path / "out").read_bytes()


def test_each_line_says_what_it_is(tmp_path: Path) -> None:
    lines = [json.loads(line) for line in written("ndjson", tmp_path).splitlines()]

    assert [line["number"] for line in lines] == list(range(40))
    assert {"rule", "kind", "operation", "status", "pointer", "place", "valid", "payload"} <= lines[0].keys()


def test_bare_files_come_with_an_index(tmp_path: Path) -> None:
    run(job(10, "json"), tmp_path / "out", ThisProcess(), quiet)
    index = json.loads((tmp_path / "out" / "index.json").read_text())

    assert len(index) == 10
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == sorted(
        ["index.json", *(entry["file"] for entry in index)]
    )
    assert json.loads((tmp_path / "out" / index[3]["file"]).read_text()) == plan().record(3).value


def test_rows_hold_the_payload_and_its_leaves(tmp_path: Path) -> None:
    csv.field_size_limit(10**8)
    rows = list(csv.DictReader(io.StringIO(written("csv", tmp_path).decode(), newline="")))

    assert len(rows) == 40
    assert tuple(rows[0]) == COLUMNS
    assert json.loads(rows[5]["payload"]) == plan().record(5).value
    assert json.loads(rows[5]["leaves"]) == flatten(plan().record(5).value)


def test_a_name_with_a_dot_is_told_from_a_path() -> None:
    assert flatten({"a.b": 1, "a": {"b": 2}, "c": [], "d": [{"e": None}]}) == {
        "a\\.b": 1,
        "a.b": 2,
        "c": [],
        "d.0.e": None,
    }
    assert flatten(3) == {"": 3}


def test_parquet_has_the_rows_of_csv(tmp_path: Path) -> None:
    written("parquet", tmp_path)
    table = parquet.parquet.read_table(tmp_path / "out").to_pylist()

    assert [row["number"] for row in table] == list(range(40))
    assert json.loads(table[5]["payload"]) == plan().record(5).value
    assert isinstance(table[5]["valid"], bool)


def test_an_archive_has_the_payloads_as_responses(tmp_path: Path) -> None:
    log = json.loads(written("har", tmp_path))["log"]

    assert log["version"] == "1.2"
    assert len(log["entries"]) == 40
    assert json.loads(log["entries"][7]["response"]["content"]["text"]) == plan().record(7).value


def test_a_collection_has_an_example_for_each_payload(tmp_path: Path) -> None:
    collection = json.loads(written("postman", tmp_path))

    assert collection["info"]["schema"].endswith("v2.1.0/collection.json")
    assert len(collection["item"]) == 40
    assert json.loads(collection["item"][7]["response"][0]["body"]) == plan().record(7).value


def test_a_script_is_one_that_a_shell_reads(tmp_path: Path) -> None:
    written("curl", tmp_path)

    assert subprocess.run(["sh", "-n", str(tmp_path / "out")], check=False).returncode == 0


def test_a_test_module_passes_with_a_consumer_that_validates_and_fails_with_one_that_does_not(tmp_path: Path) -> None:
    run(
        job(60, "pytest", choice=PayloadChoice(kinds=("invalid", "incoherent"), status="400")),
        tmp_path / "test_edges.py",
        ThisProcess(),
        quiet,
    )
    strict = "import json, pytest\n@pytest.fixture\ndef consume():\n    def check(body, about):\n        value = json.loads(body)\n        assert isinstance(value, dict) and all(value.get(k) is None or isinstance(value[k], int if k == 'errorNumber' else str) for k in value)\n        assert not isinstance(value.get('errorNumber'), bool)\n        if not about['valid']: raise ValueError\n    return check\n@pytest.fixture\ndef send(): ...\n"
    for text, passes in (
        (strict, True),
        (strict.replace("raise ValueError", "return").replace("assert", "0 and"), False),
    ):
        (tmp_path / "conftest.py").write_text(text)
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tmp_path)],
            capture_output=True,
            text=True,
            check=False,
            cwd=tmp_path,
        )

        assert (done.returncode == 0) is passes, done.stdout


def test_what_is_streamed_is_what_is_written(tmp_path: Path) -> None:
    for format_ in ("ndjson", "csv", "har", "pytest", "postman", "curl"):
        (tmp_path / format_).mkdir()

        assert b"".join(stream(FORMATS[format_], plan().records(0, 20))) == written(format_, tmp_path / format_, 20)


def test_the_shards_of_a_run_are_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run(job(), tmp_path / "whole", ThisProcess(), quiet)
    run(job(), tmp_path / "workers", Processes(2), quiet)
    monkeypatch.setattr(
        "mock_server.payloads.jobs.run_pieces", lambda factory, work, numbers: run_pieces(factory, work, numbers[::-1])
    )
    run(job(), tmp_path / "backwards", ThisProcess(), quiet)
    whole = (tmp_path / "whole").read_bytes()

    assert (tmp_path / "workers").read_bytes() == whole
    assert (tmp_path / "backwards").read_bytes() == whole
    assert sorted(path.name for path in tmp_path.iterdir()) == ["backwards", "whole", "workers"]


class Interrupted(ThisProcess, Executor):
    """An executor that is interrupted after some pieces."""

    def __init__(self, most: int = 99) -> None:
        self.most = most
        self.made: list[int] = []

    @contextmanager
    def open(self) -> Iterator[OpenedExecutor]:
        yield OpenedExecutor(self, 1, 1)

    def submit(self, do: Callable[..., Any], /, work: Callable[[int], Any], numbers: list[int]) -> Future[Any]:
        if len(self.made) >= self.most:
            raise KeyboardInterrupt
        self.made += numbers
        done: Future[Any] = Future()
        done.set_result(do(work, numbers))
        return done


def test_a_run_goes_on_where_it_ended(tmp_path: Path) -> None:
    first, second = Interrupted(2), Interrupted()
    with pytest.raises(KeyboardInterrupt):
        run(job(), tmp_path / "out", first, quiet)
    run(job(), tmp_path / "out", second, quiet)
    run(job(), tmp_path / "whole", ThisProcess(), quiet)

    assert sorted(first.made + second.made) == [0, 1, 2, 3]
    assert (tmp_path / "out").read_bytes() == (tmp_path / "whole").read_bytes()


@pytest.mark.parametrize("format_", ["ndjson", "json"])
@pytest.mark.parametrize("least", [1, 3, 8])
def test_a_run_goes_on_where_it_was_joining(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, format_: str, least: int
) -> None:
    monkeypatch.setattr("mock_server.payloads.jobs._AT_ONCE", least)
    small, first, second = job(100, format_, shard=5), Interrupted(11), Interrupted()
    with pytest.raises(KeyboardInterrupt):
        run(small, tmp_path / "out", first, quiet)
    (joined,) = (tmp_path / "out.parts").glob("joined-*")
    with joined.open("ab") as file:
        file.write(b"cut off")  # by a kill in the midst of it
    (tmp_path / "out.parts" / "000000.part").write_bytes(b"joined already")
    run(small, tmp_path / "out", second, quiet)
    run(small, tmp_path / "whole", ThisProcess(), quiet)

    assert joined.name.startswith(f"joined-{11 // least * least:06}-")
    assert sorted(first.made + second.made) == list(range(20))
    assert files(tmp_path / "out") == files(tmp_path / "whole")


def files(path: Path) -> dict[str, bytes]:
    """What is in a file, or in those of a folder."""
    found = sorted(path.iterdir()) if path.is_dir() else [path]
    return {file.name if path.is_dir() else "": file.read_bytes() for file in found}


def test_the_parts_of_another_run_are_not_gone_on_with(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        run(job(), tmp_path / "out", Interrupted(1), quiet)
    with pytest.raises(UsageError, match="another run"):
        run(job(settings=Settings(seed=9)), tmp_path / "out", ThisProcess(), quiet)


def test_a_full_disk_is_said_and_what_is_finished_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written_before = Path.open

    def full(path: Path, mode: str = "r", *args: object, **options: object) -> object:
        if path.name.startswith("000001.part."):
            raise OSError(28, "No space left on device", str(path))
        return written_before(path, mode, *args, **options)

    monkeypatch.setattr(Path, "open", full)
    with pytest.raises(UsageError, match="No space left on device.*run the same again"):
        run(job(), tmp_path / "out", ThisProcess(), quiet)
    monkeypatch.undo()

    assert (tmp_path / "out.parts" / "000000.part").is_file()
    assert not (tmp_path / "out").exists()
    run(job(), tmp_path / "out", ThisProcess(), quiet)
    assert (tmp_path / "out").read_bytes().count(b"\n") == job().count


def children(process: int) -> list[int]:
    """The Python processes that a process started, but for the one that tracks resources."""
    listed = Path(f"/proc/{process}/task/{process}/children").read_text().split()
    return [int(child) for child in listed if b"resource_tracker" not in Path(f"/proc/{child}/cmdline").read_bytes()]


def until(condition: object, seconds: float = 90) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def start(out: Path, *flags: str) -> subprocess.Popen[str]:
    command = [
        sys.executable,
        "-m",
        "mock_server",
        "payloads",
        "--kind",
        "boundary,invalid",
        "--status",
        "200",
        "--count",
        "2600",
        "--out",
        str(out),
    ]
    return subprocess.Popen([*command, *flags], cwd=ROOT, stderr=subprocess.PIPE, text=True)


def test_a_killed_worker_loses_and_repeats_nothing(tmp_path: Path) -> None:
    process = start(tmp_path / "out", "--workers", "2")
    parts = tmp_path / "out.parts"
    until(lambda: parts.is_dir() and len(list(parts.glob("*.part"))) >= 2)
    os.kill(children(process.pid)[0], signal.SIGKILL)
    _, errors = process.communicate(timeout=120)
    run(job(2600), tmp_path / "whole", ThisProcess(), quiet)

    assert process.returncode == 0, errors
    assert numbers(tmp_path / "out") == list(range(2600))
    assert (tmp_path / "out").read_bytes() == (tmp_path / "whole").read_bytes()


def test_a_killed_run_is_gone_on_with(tmp_path: Path) -> None:
    process = start(tmp_path / "out")
    parts = tmp_path / "out.parts"
    until(lambda: parts.is_dir() and len(list(parts.glob("*.part"))) >= 2)
    process.kill()
    process.communicate(timeout=30)
    kept = {path.name: path.stat().st_mtime_ns for path in parts.glob("*.part")}
    again = start(tmp_path / "out")
    until(lambda: len(list(parts.glob("*.part"))) > len(kept) or again.poll() is not None)
    _, errors = again.communicate(timeout=120)

    assert again.returncode == 0, errors
    assert len(kept) >= 2
    assert numbers(tmp_path / "out") == list(range(2600))


def numbers(path: Path) -> list[int]:
    return [json.loads(line)["number"] for line in path.read_bytes().splitlines()]


def test_every_format_is_written() -> None:
    assert set(FORMATS) == {"ndjson", "json", "csv", "parquet", "har", "pytest", "postman", "curl"}
