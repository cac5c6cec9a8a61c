"""Files that break off, are no archives, or hold one odd record: said, with an exit code that no job takes for a success."""

import base64
import gzip
import io
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import orjson
import pytest

from mock_server.cli.main import main
from mock_server.contract.records import iter_entries
from tests.support.paths import ROOT

DOCUMENT = str(ROOT / "tests" / "defects" / "projects.yaml")
PROJECT = {
    "id": 7, "name": "a", "owner": "o", "priority": 1, "status": "done", "createdAt": "2026-01-01T00:00:00Z", "tags": [], "budget": None,
}  # fmt: skip


def exchange(**request: object) -> dict:
    headers = [{"name": "Content-Type", "value": "application/json"}, {"name": "ETag", "value": '"1"'}]
    return {
        "request": {"method": "GET", "url": "https://x/v1/projects/7", "headers": [], **request},
        "response": {"status": 200, "headers": headers, "content": {"text": orjson.dumps(PROJECT).decode()}},
    }


def answered(**response: object) -> dict:
    whole = exchange()
    return {**whole, "response": {**whole["response"], **response}}


HAR = orjson.dumps({"log": {"version": "1.2", "entries": [exchange(), exchange(), exchange()]}})
LINES = b"".join(orjson.dumps(exchange()) + b"\n" for _ in range(3))
PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)

# Name of the attack, name of the file, what is in it, words of the message.
BROKEN = [
    ("har cut inside an entry", "a.har", HAR[:-40], "breaks off inside entry 3"),
    ("har cut between entries", "a.har", HAR[:-3], "breaks off after entry 3"),
    ("har cut inside a text", "a.har", HAR[: HAR.index(b"https") + 3], "breaks off inside entry 1"),
    ("har cut before the entries", "a.har", HAR[:20], "no HAR file"),
    ("har without entries", "a.har", b'{"log":{"version":"1.2"}}', "no HAR file"),
    ("har of no entry", "a.har", b'{"log":{"entries":[]}}', "no record"),
    ("har whose entries are an object", "a.har", b'{"log":{"entries":{}}}', "no HAR file"),
    ("har that is a list", "a.har", b"[]", "no HAR file"),
    ("har that is html", "a.har", b"<!doctype html><html></html>", "no HAR file"),
    ("empty har", "a.har", b"", "no HAR file"),
    ("har that is binary", "a.har", PNG, "binary"),
    ("har in UTF-16", "a.har", HAR.decode().encode("utf-16"), "not in UTF-8"),
    ("json that is a har and cut", "a.json", HAR[:-40], "breaks off inside entry 3"),
    ("packed har, cut", "a.har.gz", gzip.compress(HAR)[:-12], "can't be unpacked"),
    ("packed har, broken", "a.har.gz", gzip.compress(HAR)[:30] + b"\xff" * 30, "can't be unpacked"),
    ("packed nothing", "a.har.gz", gzip.compress(b""), "no HAR file"),
    ("packed bytes under another name", "a.har", gzip.compress(HAR)[:-12], "can't be unpacked"),
    ("lines cut in the last one", "a.ndjson", LINES[:-20], "breaks off in its last line"),
    ("one line, cut", "a.ndjson", LINES[:50], "breaks off in its last line"),
    ("packed lines, cut", "a.ndjson.gz", gzip.compress(LINES)[:-12], "can't be unpacked"),
    ("empty lines", "a.ndjson", b"\n\n\n", "no record"),
    ("empty file", "a.ndjson", b"", "no record"),
    ("lines of a summary only", "a.ndjson", b'{"type":"run","seconds":1}\n', "no record"),
    ("binary lines", "a.ndjson", PNG, "binary"),
    ("a picture", "a.png", PNG, "binary"),
    ("empty json", "a.json", b"", "no record"),
    ("json of something else", "a.json", b'{"openapi":"3.1.0"}', "no archive"),
    ("text", "a.txt", b"hello", "no archive"),
    ("json that is cut", "a.json", b'{"request":{"method":"GE', "no archive"),
]


@pytest.mark.parametrize(("name", "data", "words"), [row[1:] for row in BROKEN], ids=[row[0] for row in BROKEN])
def test_a_broken_archive_ends_with_2(
    name: str, data: bytes, words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / name
    file.write_bytes(data)

    assert main(["validate", str(file), "--document", DOCUMENT]) == 2
    shown = capsys.readouterr()
    assert words in shown.out
    assert "[traffic-record-unreadable]" in shown.out
    assert "could not be read to the end" in shown.out + shown.err


def test_a_file_that_is_no_archive_has_no_record_that_is_right(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a.json").write_bytes(b'{"openapi":"3.1.0"}')

    assert main(["validate", str(tmp_path / "a.json"), "--document", DOCUMENT]) == 2
    shown = capsys.readouterr()
    assert "0 records" in shown.out + shown.err


def test_what_was_read_before_the_break_is_judged(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    wrong = orjson.dumps(exchange(url="https://x/elsewhere"))
    (tmp_path / "a.ndjson").write_bytes(LINES + wrong + b"\n" + LINES[:30])

    assert main(["validate", str(tmp_path / "a.ndjson"), "--document", DOCUMENT]) == 2
    shown = capsys.readouterr()
    assert "traffic-path-undocumented" in shown.out
    assert "4 records" in shown.out + shown.err


def test_a_broken_file_keeps_no_other_from_being_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.har").write_bytes(HAR[:-40])
    (tmp_path / "b.ndjson").write_bytes(LINES)
    (tmp_path / "c.log").write_bytes(b"")  # of a folder, not asked for by its name

    assert main(["validate", str(tmp_path), "--document", DOCUMENT]) == 2
    shown = capsys.readouterr()
    assert ("5 records" in shown.out, "c.log" in shown.out, "1 file could not" in shown.out) == (True, False, True)


@pytest.mark.parametrize("made", [lambda path: path.mkdir(), lambda path: None], ids=["an empty folder", "nothing"])
def test_nothing_to_read_ends_with_2(made: Callable[[Path], None], tmp_path: Path) -> None:
    made(tmp_path / "a")

    assert main(["validate", str(tmp_path / "a"), "--document", DOCUMENT]) == 2


@pytest.mark.parametrize(
    "data", [gzip.compress(HAR), HAR, b"\xef\xbb\xbf" + HAR], ids=["packed", "as it is", "with a mark"]
)
def test_a_whole_archive_is_right(data: bytes, tmp_path: Path) -> None:
    (tmp_path / "a.har.gz").write_bytes(data)

    assert main(["validate", str(tmp_path / "a.har.gz"), "--document", DOCUMENT]) == 0


ODD = [
    ("url of a broken address", exchange(url="http://[::1/v1/projects/7")),
    ("url that is an object", exchange(url={"a": 1})),
    ("url that is a number", exchange(url=5)),
    ("no method", exchange(method=None)),
    ("base64 that is none", answered(content={"text": "%%%", "encoding": "base64"})),
    ("base64 of other letters", answered(content={"text": "äöü", "encoding": "base64"})),
    ("base64 cut", answered(content={"text": "QUJ", "encoding": "base64"})),
    ("status that is a text", answered(status="200")),
    ("status of no class", answered(status=99999)),
    ("negative status", answered(status=-1)),
    ("status that is true", answered(status=True)),
    ("no request", {"intent": 5}),
    ("request that is a list", {"request": []}),
    ("a number", 7),
    ("a text", "x"),
    ("null", None),
]


@pytest.mark.parametrize("record", [row[1] for row in ODD], ids=[row[0] for row in ODD])
def test_an_odd_record_is_one_wrong_record(record: object, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.ndjson").write_bytes(LINES + orjson.dumps(record) + b"\n" + LINES)

    assert main(["validate", str(tmp_path / "a.ndjson"), "--document", DOCUMENT]) == 1
    assert "7 records" in "".join(capsys.readouterr())


ENTRIES = {
    "a number": (b"5", 1),
    "a text": (b'"a"', 1),
    "a text of brackets": (rb'"}]{[\"],"', 1),
    "null": (b"null", 1),
    "true": (b"true", 1),
    "a list": (b"[]", 1),
    "a list of an entry": (b'[{"request":{}}]', 1),
    "an empty object": (b"{}", 1),
    "several": (b'1, "a", null, [2], {}', 5),
    "words that are none": (b"nul, x", 1),
    "nothing between commas": (b"", 0),
}


@pytest.mark.parametrize("attack", ENTRIES.values(), ids=ENTRIES)
@pytest.mark.parametrize("place", [0, 1, 3])
def test_an_entry_that_is_no_object_is_one_wrong_record(
    attack: tuple[bytes, int], place: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    entry, count = attack
    entries = [orjson.dumps(exchange()) for _ in range(3)]
    entries.insert(place, entry)
    (tmp_path / "a.har").write_bytes(
        b'{"log":{"pages":[{"a":[1]}, 7],"entries": [' + b" ,\n".join(entries) + b'],"x":[8]}}'
    )

    assert main(["validate", str(tmp_path / "a.har"), "--document", DOCUMENT]) == int(count > 0)
    shown = "".join(capsys.readouterr())
    assert f"{3 + count} records" in shown
    assert ("[traffic-record-unreadable]" in shown) is (count > 0)


@pytest.mark.parametrize("size", [1, 2, 7, 64])
def test_entries_are_found_however_a_file_is_read(size: int) -> None:
    data = b'{"log":{"entries":[1,{"a":"]"},"b}",[{"c":2}],null]}}'
    whole = io.BytesIO(data)
    file = SimpleNamespace(read=lambda count: whole.read(size))

    assert list(iter_entries(file)) == [b"1", b'{"a":"]"}', b'"b}"', b'[{"c":2}]', b"null"]


def test_megabytes_between_two_entries_are_no_archive(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.har").write_bytes(b'{"log":{"entries":[' + b"1000," * 2_000_000 + b"1]}}")

    assert main(["validate", str(tmp_path / "a.har"), "--document", DOCUMENT]) == 2
    assert "between two entries" in "".join(capsys.readouterr())


@pytest.mark.parametrize("line", [b'{"a":', b"\xff\xfe", b'{"a":1}}', b'"\\ud800"', b"[" * 5000], ids=repr)
def test_a_line_that_is_no_json_is_one_wrong_record(
    line: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a.ndjson").write_bytes(LINES + line + b"\n" + LINES)

    assert main(["validate", str(tmp_path / "a.ndjson"), "--document", DOCUMENT]) == 1
    assert "7 records" in "".join(capsys.readouterr())


KEPT = {"id": "abc", "check": "status_code_conformance", "requests": []}


@pytest.mark.parametrize(
    "line",
    [
        orjson.dumps({**KEPT, "intent": "nobody's"}),
        orjson.dumps({**KEPT, "intent": "positive", "requests": [{"body_base64": "%"}]}),
        b"{",
        b"[]",
        b"",
        b"\x00\xff",
    ],
    ids=["an odd intent", "odd base64", "cut", "a list", "empty", "binary"],
)
def test_an_odd_file_of_findings_is_no_crash(line: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "f.ndjson").write_bytes(line + b"\n")
    command = ["test", "http://127.0.0.1:9", DOCUMENT, "--replay", "abc", "--findings", str(tmp_path / "f.ndjson")]

    assert main(command) == 2
    assert "mock-server: " in "".join(capsys.readouterr())
