"""Captured traffic: read record by record, judged by the same judges, summed up."""

import base64
import gzip
import io
import tracemalloc
from pathlib import Path

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mock_server import load
from mock_server.contract.api import make_api
from mock_server.contract.parts import merge_in_order
from mock_server.contract.payload_standard import choose_payloads
from mock_server.contract.record_judge import RecordJudge
from mock_server.contract.records import (
    RecordSource,
    UnreadableRecord,
    find_sources,
    iter_entries,
    read_exchange,
    split_source,
)
from mock_server.contract.summary import Summary
from mock_server.errors import UsageError
from tests.support.paths import ROOT

DOCUMENT = ROOT / "tests" / "defects" / "projects.yaml"
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=6,
)


def sifter(**choice: object) -> RecordJudge:
    document = load(DOCUMENT)
    api = make_api(document, "", 0)
    wanted = {"operation": None, "status": None, "schema": None, "direction": "response", **choice}
    return RecordJudge(api, choose_payloads(api, **wanted), ("/v1", ""))  # type: ignore[arg-type]


def har(*entries: object) -> bytes:
    return orjson.dumps(
        {"log": {"version": "1.2", "pages": [{"id": "{"}], "entries": list(entries)}}, option=orjson.OPT_INDENT_2
    )


def exchange(status: int = 200, body: object = None, url: str = "https://x/v1/projects/7", method: str = "GET") -> dict:
    content = {"mimeType": "application/json", "text": orjson.dumps(body).decode()}
    headers = [{"name": "Content-Type", "value": "application/json"}, {"name": "ETag", "value": '"1"'}]
    return {
        "request": {"method": method, "url": url, "headers": []},
        "response": {"status": status, "headers": headers, "content": content},
    }


PROJECT = {
    "id": 7,
    "name": "a",
    "owner": "o",
    "priority": 1,
    "status": "done",
    "createdAt": "2026-01-01T00:00:00Z",
    "tags": [],
    "budget": None,
}


@settings(max_examples=20)
@given(st.lists(st.dictionaries(st.text(), JSON, max_size=3), max_size=4))
def test_a_har_file_is_split_into_its_entries(entries: list[dict]) -> None:
    assert [orjson.loads(entry) for entry in iter_entries(io.BytesIO(har(*entries)))] == entries


RECORDS = st.sampled_from([b'{"id": 1}', b'{"id": "x"}', b"{}", b"", b"{", b"[]"])


@settings(max_examples=30)
@given(lines=st.lists(RECORDS, min_size=1, max_size=30), parts=st.integers(1, 9), data=st.data())
def test_however_a_file_is_split_the_same_is_found_at_the_same_lines(
    tmp_path_factory: pytest.TempPathFactory, lines: list[bytes], parts: int, data: st.DataObject
) -> None:
    file = tmp_path_factory.mktemp("split") / "a.ndjson"
    file.write_bytes(b"\n".join(lines) + b"\n")
    judging = sifter(schema="#/components/schemas/Project")
    source = RecordSource(str(file), "lines")
    whole = merge_in_order(iter([(0, judging.sift(source))]), (source,), lambda count: None)
    split = tuple(split_source(source, parts))
    order = data.draw(st.permutations(range(len(split))))
    again = merge_in_order(((number, judging.sift(split[number])) for number in order), split, lambda count: None)

    assert again.findings() == whole.findings()
    assert (
        (again.records, again.wrong)
        == (whole.records, whole.wrong)
        == (len([line for line in lines if line]), whole.wrong)
    )


def test_har_is_judged_as_a_live_exchange_is(tmp_path: Path) -> None:
    file = tmp_path / "a.har"
    file.write_bytes(
        har(exchange(body=PROJECT), exchange(body={**PROJECT, "priority": "1"}), exchange(url="https://x/elsewhere"))
    )
    tally = sifter().sift(RecordSource(str(file), "har"))

    assert (tally.records, tally.wrong) == (3, 2)
    assert [(finding.rule, f"{file}:" in finding.message) for finding in tally.findings()] == [
        ("traffic-path-undocumented", True),
        ("response-body-schema", True),
    ]


def test_a_body_in_base64_is_read() -> None:
    item = exchange()
    item["response"]["content"] = {"text": base64.b64encode(b"{}").decode(), "encoding": "base64"}
    captured = read_exchange(item)

    assert captured.response is not None
    assert captured.response.body == b"{}"


@pytest.mark.parametrize("record", [1, {}, {"request": {}}, {"request": {"method": "GET"}}])
def test_what_is_no_exchange_is_said(record: object) -> None:
    with pytest.raises(UnreadableRecord):
        read_exchange(record)  # type: ignore[arg-type]


def test_payloads_are_counted_by_rule_and_place(tmp_path: Path) -> None:
    file = tmp_path / "a.ndjson"
    wrong = [{**PROJECT, "priority": 9}, {**PROJECT, "priority": 8}]
    file.write_bytes(b"\n".join([*map(orjson.dumps, [PROJECT, *wrong]), b"{no json", b""]))
    tally = sifter(schema="#/components/schemas/Project").sift(find_sources([str(file)])[0])
    found = {finding.rule: finding.message for finding in tally.findings()}

    assert (tally.records, tally.wrong) == (4, 3)
    assert found["response-body-schema"].endswith(f"(2 times, first at {file}:2, {file}:3)")
    assert "once, at" in found["response-body-malformed"]


def test_parts_of_a_file_give_what_the_whole_gives(tmp_path: Path) -> None:
    file = tmp_path / "a.ndjson"
    file.write_bytes(b"".join(orjson.dumps({**PROJECT, "priority": number % 9}) + b"\n" for number in range(500)))
    judge = sifter(operation="getProject")
    whole = judge.sift(RecordSource(str(file), "lines"))
    parts = Summary()
    for part in split_source(RecordSource(str(file), "lines"), 7):
        parts.merge(judge.sift(part))

    assert (parts.records, parts.wrong) == (whole.records, whole.wrong)
    assert parts.records == 500
    assert [c.count for c in parts.counted.values()] == [c.count for c in whole.counted.values()]


def test_the_memory_that_is_used_does_not_grow_with_the_file(tmp_path: Path) -> None:
    file, judge = tmp_path / "a.har", sifter()
    peaks = []
    for count in (50, 1000):
        file.write_bytes(har(*[exchange(body={**PROJECT, "priority": 9})] * count))
        judge.sift(RecordSource(str(file), "har"))
        tracemalloc.start()
        judge.sift(RecordSource(str(file), "har"))
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()

    assert peaks[1] < peaks[0] + 3 * 1024 * 1024  # a piece of the file, not the file


def test_a_folder_is_searched(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    for name in ("a.json", "in/b.ndjson", "c.txt"):
        (tmp_path / name).write_text("{}\n")

    assert [Path(source.path).name for source in find_sources([str(tmp_path)])] == ["a.json", "b.ndjson"]
    for where in (tmp_path / "none", tmp_path / "empty"):
        (tmp_path / "empty").mkdir(exist_ok=True)
        with pytest.raises(UsageError):
            find_sources([str(where)])


@pytest.mark.parametrize(
    "choice", [{"operation": "nobody"}, {"operation": "deleteProject"}, {"operation": "getProject", "status": 999}]
)
def test_what_can_not_be_chosen_is_said(choice: dict) -> None:
    with pytest.raises(UsageError):
        sifter(**choice)


@pytest.mark.parametrize(
    "content",
    [
        {"text": '{"n": 1}'},  # undone by who captured it
        {"text": base64.b64encode(gzip.compress(b'{"n": 1}')).decode(), "encoding": "base64"},
        {"text": gzip.compress(b'{"n": 1}').decode("latin-1")},  # each byte as a character, as browsers do
    ],
)
def test_a_coded_body_that_was_captured_is_read(content: dict[str, str]) -> None:
    item = exchange(method="POST")
    item["request"] |= {"headers": [{"name": "Content-Encoding", "value": "gzip"}], "postData": content}

    assert read_exchange(item).request.body == b'{"n": 1}'
    assert read_exchange(item).request.fields == []
