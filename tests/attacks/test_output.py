"""What a hostile document, API or recording puts on a terminal, into a log or a job's console: shown, never obeyed."""

import io
import json
import logging
import re
import shlex
import subprocess
import sys
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mock_server.cli.logs import set_up_logs
from mock_server.cli.main import main
from mock_server.cli.show import annotate
from mock_server.cli.terminal import say
from mock_server.compose.app import create_app
from mock_server.compose.backend import assemble
from mock_server.contract.reports.formats import render_markdown
from mock_server.document.positions import Position
from mock_server.exchange.curl import write_curl
from mock_server.exchange.message import Request
from mock_server.findings import Level
from mock_server.printable import printable, printable_json, printable_lines
from mock_server.respond.open import open_responder
from mock_server.settings import Settings
from tests.support.asgi_client import AsgiClient

ATTACKS = [
    ("colours", "\x1b[31mred\x1b[0m"),
    ("a cleared screen", "\x1b[2J\x1b[H"),
    ("a title", "\x1b]0;owned\x07"),
    ("a link of OSC 8", "\x1b]8;;http://evil\x1b\\here\x1b]8;;\x1b\\"),
    ("the clipboard by OSC 52", "\x1b]52;c;ZXZpbA==\x07"),
    ("a device's answer", "\x1b[6n\x1b[c"),
    ("CSI in one character", "\x9b31mred"),
    ("OSC in one character", "\x9d0;owned\x9c"),
    ("DCS", "\x1bP1$r\x1b\\"),
    ("a line written over", "all is well\rerror"),
    ("characters taken back", "evil\x08\x08\x08\x08good"),
    ("a bell", "\x07"),
    ("NUL", "a\0b"),
    ("DEL", "a\x7fb"),
    ("text from right to left", "\u202etxt.exe"),
    ("isolates", "\u2066a\u2069\u2067b"),
    ("an Arabic mark", "\u061cx"),
    ("separators of lines", "a\u2028b\u2029c"),
    ("nothing to see", "a\u200bb\ufeffc\u2060d"),
    ("tags", "a\U000e0041b"),
    ("half a character", "a\ud800b"),
    ("a line of its own", "a\n::error::owned"),
    ("an old command", "a\n::set-output name=a::b"),
    ("a masked word", "\n::add-mask::a"),
    ("a group", "\n##[group]owned"),
    ("a command after spaces", "\n  ::stop-commands::x"),
    ("markup of rich", "[bold red]owned[/] [link=http://evil]x[/link]"),
]
TEXTS = pytest.mark.parametrize("text", [row[1] for row in ATTACKS], ids=[row[0] for row in ATTACKS])
OBEYED = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff\U000e0000-\U000e007f]"
)


def assert_is_harmless(shown: str) -> None:
    """Nothing that a terminal obeys is in it, and no line is a command to a runner of jobs."""
    assert OBEYED.findall(shown) == []
    assert [line for line in shown.split("\n") if line.lstrip().startswith(("::", "##["))] == []


@TEXTS
def test_a_text_is_one_harmless_line(text: str) -> None:
    out = io.StringIO()
    say(f"error: {text}", text, to=out)

    assert_is_harmless(out.getvalue())
    assert out.getvalue().count("\n") == 2


@given(st.text())
def test_nothing_is_obeyed_and_nothing_else_is_changed(text: str) -> None:
    shown = printable(text)

    assert OBEYED.findall(shown) == []
    assert "\n" not in shown
    if not any(unicodedata.category(char) in {"Cc", "Cf", "Cs", "Zl", "Zp"} for char in text):
        assert shown == text


@given(
    st.recursive(st.text() | st.none(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=5)
)
def test_json_says_the_same_without_what_is_obeyed(value: Any) -> None:
    try:
        written = orjson.dumps(value).decode()
    except orjson.JSONEncodeError:  # half a character, which our JSON never has
        written = json.dumps(value)
    shown = printable_json(written)

    assert json.loads(shown) == json.loads(written)
    assert OBEYED.findall(shown) == []


@TEXTS
def test_an_annotation_is_one_command(text: str) -> None:
    line = annotate(Level.ERROR, Position(f"a{text}.yaml", (), 3), text, text)

    assert OBEYED.findall(line) == []
    assert "\n" not in line
    assert line.startswith("::error ")
    assert line.partition("title=")[2].partition("::")[0].count(":") == 0


@TEXTS
def test_a_log_line_is_one_harmless_line(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for format_ in ("text", "json"):
        err = io.StringIO()
        root = logging.getLogger()
        before = (root.handlers[:], root.level)
        monkeypatch.setattr(sys, "stderr", err)
        try:
            set_up_logs(format_)
            logging.getLogger("mock_server.attack").warning("%s", text)
        finally:
            root.handlers[:], root.level = before
        assert_is_harmless(err.getvalue())
        assert err.getvalue().count("\n") == 1


@TEXTS
def test_a_curl_line_is_harmless_and_sends_the_same(text: str) -> None:
    body = text.replace("\0", "").encode("utf-8", "replace")
    line = write_curl(Request("POST", b"/a", b"", ((b"x-a", b"1"),), body), "http://127.0.0.1:9")
    assert_is_harmless(line)
    printed = subprocess.run(
        ["bash", "-c", line.replace("curl ", "printf '%s|' ", 1)], capture_output=True, check=True
    ).stdout

    assert printed.split(b"|--data-binary|")[1].rpartition(b"|http")[0] == body


def hostile(text: str) -> dict[str, Any]:
    text = text.replace("\ud800", "")
    answer = {
        "description": text,
        "content": {"application/json": {"schema": {"enum": [text]}, "examples": {text: {"value": 1}}}},
    }
    schema = {"type": "object", "properties": {text: {"enum": [text]}}, "required": [text]}
    operation = {
        "operationId": f"op{text}",
        "summary": text,
        "tags": [text],
        "parameters": [{"name": "q", "in": "query", "required": True, "schema": {"enum": [text]}, "example": text}],
        "requestBody": {"content": {"application/json": {"schema": schema}}},
        "responses": {"200": answer},
    }
    return {"openapi": "3.1.0", "info": {"title": text, "version": text}, "paths": {"/a": {"post": operation}}}


COMMANDS = [
    ("check", lambda document, _: ["check", document]),
    ("check for GitHub", lambda document, _: ["check", document, "--format", "github"]),
    ("check as JSON", lambda document, _: ["check", document, "--format", "json"]),
    ("validate", lambda document, record: ["validate", record, "--document", document]),
    ("payloads", lambda document, _: ["payloads", "--list", "--document", document]),
    ("test", lambda document, _: ["test", "http://127.0.0.1:9", document]),
]


@TEXTS
@pytest.mark.parametrize("make", [row[1] for row in COMMANDS], ids=[row[0] for row in COMMANDS])
def test_no_command_lets_a_document_or_a_recording_speak(
    make: Callable[[str, str], list[str]],
    text: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    document, record = tmp_path / "openapi.json", tmp_path / "a.ndjson"
    document.write_bytes(orjson.dumps(hostile(text)))
    request = {"method": f"GET{text}", "url": f"https://x/{text}?q={text}", "headers": [["x", text]], "body": text}
    posted = {
        "method": "POST",
        "url": "https://x/a?q=1",
        "headers": [["content-type", "application/json"]],
        "body": json.dumps({text: text}),
    }
    record.write_text(
        "\n".join(json.dumps({"request": each, "response": {"status": 200}}) for each in (request, posted)) + "\n"
    )
    main(make(str(document), str(record)))
    shown = capsys.readouterr()

    lines = [line for line in shown.out.split("\n") if not (line.startswith("::") and "--format" in make("", ""))]
    assert_is_harmless("\n".join(lines))
    assert_is_harmless(shown.err)


@TEXTS
def test_no_request_speaks_in_the_log(text: str, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    document = tmp_path / "openapi.json"
    document.write_bytes(orjson.dumps(hostile("plain")))
    settings = Settings()
    client = AsgiClient(create_app(assemble([open_responder(str(document), settings)], settings)))
    caplog.set_level(logging.INFO, "mock_server")
    client.ask(
        "/a?q=1", "POST", body=json.dumps({"plain": text}).encode(), headers={"content-type": "application/json"}
    )
    client.ask("/a?q=1", "POST", body=json.dumps({text: 1}).encode(), headers={"content-type": "application/json"})

    assert_is_harmless("\n".join(record.getMessage() for record in caplog.records))


@TEXTS
def test_a_summary_has_no_markup_of_others(text: str) -> None:
    title = f"{text} ![x](http://evil/) <img src=x> @everybody `code`"
    refused = {"title": title, "reached": False, "refusal": {"status": 401, "message": title}}
    run = {"title": title, "findings": [], "operations": [refused], "requests": 0, "seconds": 0.0, "interrupted": None}

    shown = render_markdown(run | {"coverage": {"percent": 0.0}, "depth": {"reached": 0, "there": 1}})
    assert_is_harmless(shown)
    assert not re.search(r"(?<!\\)`|[^\\]\]\(|<img|@everybody|http://", shown)


def test_lines_stay_where_lines_are_meant() -> None:
    assert printable_lines("a\n\x1bb\n::error::c") == "a\n\\x1bb\n· ::error::c"


def test_an_ordinary_curl_line_is_as_it_was() -> None:
    line = write_curl(
        Request("POST", b"/a", b"b=c%20d", ((b"x-a", b"it's"),), b'{"a": "\xc3\xa4 b"}'), "http://127.0.0.1:9"
    )

    assert shlex.split(line) == [
        "curl",
        "-H",
        "x-a: it's",
        "--data-binary",
        '{"a": "ä b"}',
        "http://127.0.0.1:9/a?b=c%20d",
    ]
