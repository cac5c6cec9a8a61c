"""Streams and contents: examples that are the text on the wire, JSON within texts, how a stream opens and ends."""

import base64
from collections.abc import Callable

import orjson
import pytest

from mock_server.exchange.message import Response
from tests.support.mocks import Mock, body_of, fields_of, minimal

EVENTS = "text/event-stream"


def get(
    content: dict[str, object], version: str = "3.0.3", response: dict[str, object] | None = None, **members: object
) -> dict[str, object]:
    """A document with one GET."""
    responses = {"200": {"description": "", "content": content, **(response or {})}}
    return minimal({"/a": {"get": {"responses": responses}}}, version, **members)


def data_of(body: bytes) -> list[str]:
    """The data of each event."""
    return [line.removeprefix("data: ") for line in body.decode().splitlines() if line.startswith("data:")]


TEXT = {"type": "string"}
FILE = {"type": "string", "format": "binary"}
PNG = b"\x89PNG\r\n\x1a\n" + bytes(8)
XML = "<?xml version='1.0'?><a>1</a>"
WRITTEN = {
    "events": (EVENTS, TEXT, 'event: say\ndata: {"t":"Hi"}\n\ndata: [DONE]\n\n'),
    "events with comments": (EVENTS, TEXT, ": ping\n\nid: 7\nretry: 10\ndata\n\n"),
    "events without a schema": (EVENTS, None, "data: x\n\n"),
    "lines": ("application/x-ndjson", TEXT, '{"a":1}\n{"a":2}\n'),
    "lines under another name": ("application/jsonl", {"type": "array"}, '{"a":1}\n[2]'),
    "a sequence": ("application/json-seq", TEXT, '\x1e{"a":1}\n'),
    "parts": ("multipart/mixed", TEXT, "--b\r\nContent-Type: text/plain\r\n\r\nx\r\n--b--\r\n"),
    "a form of parts": (
        "multipart/form-data",
        {"type": "object"},
        '--b\r\nContent-Disposition: form-data; name="n"\r\n\r\nx\r\n--b--\r\n',
    ),
    "a form": ("application/x-www-form-urlencoded", {"type": "object"}, "a=1&b=2"),
    "XML": ("application/xml", {"type": "object"}, XML),
    "XML as a text": ("application/xml", TEXT, XML),
    "a picture in words": ("image/svg+xml", TEXT, "<svg xmlns='http://www.w3.org/2000/svg'/>"),
    "CSV": ("text/csv", {"type": "array"}, "a;b\n1;2\n"),
    "a PDF": ("application/pdf", FILE, "%PDF-1.4 mine"),
    "a picture": ("image/gif", FILE, "GIF89a mine"),
    "HTML": ("text/html", TEXT, "<p>Hi</p>"),
    "YAML": ("application/yaml", {"type": "object"}, "a: 1\n"),
    "bytes": ("application/octet-stream", FILE, "anything"),
}


@pytest.mark.parametrize("name", WRITTEN)
def test_an_example_that_is_the_text_on_the_wire_goes_out_as_it_is(mock: Callable[..., Mock], name: str) -> None:
    media_type, schema, text = WRITTEN[name]
    answer = mock(get({media_type: {**({"schema": schema} if schema else {}), "example": text}})).ask("/a")

    assert (answer.source, answer.body.decode()) == ("example:default", text)


@pytest.mark.parametrize("name", ["events", "lines", "a sequence"])
def test_an_example_of_the_schema_that_is_the_whole_text_is_not_written_again(
    mock: Callable[..., Mock], name: str
) -> None:
    media_type, schema, text = WRITTEN[name]

    assert mock(get({media_type: {"schema": {**schema, "example": text}}})).ask("/a").body.decode() == text  # type: ignore[dict-item]


def test_the_boundary_is_that_of_the_example(mock: Callable[..., Mock]) -> None:
    answer = mock(get({"multipart/mixed": {"example": WRITTEN["parts"][2]}})).ask("/a")

    assert fields_of(answer)["content-type"] == 'multipart/mixed; boundary="b"'


@pytest.mark.parametrize("text", [base64.b64encode(PNG).decode(), PNG.decode("latin-1")])
def test_a_picture_in_an_example_is_a_picture(mock: Callable[..., Mock], text: str) -> None:
    assert mock(get({"image/png": {"schema": FILE, "example": text}})).ask("/a").body == PNG


def test_an_object_is_no_example_of_a_picture(mock: Callable[..., Mock]) -> None:
    answer = mock(get({"image/png": {"schema": FILE, "example": {"a": 1}}})).ask("/a")

    assert (answer.source, answer.body[:4]) == ("generated", b"\x89PNG")


def test_values_in_examples_are_written_as_items(mock: Callable[..., Mock]) -> None:
    events = mock(get({EVENTS: {"example": [{"event": "a", "data": "1"}, {"data": {"x": 2}}]}})).ask("/a")

    assert events.body == b'event: a\ndata: 1\n\ndata: {"x":2}\n\n'
    assert mock(get({"application/x-ndjson": {"example": ["a", {"b": 1}]}})).ask("/a").body == b'"a"\n{"b":1}\n'


THINGS = {"type": "object", "required": ["things"], "properties": {"things": {"type": "array"}}}


@pytest.mark.parametrize(
    ("schema", "text", "expected"),
    [
        (THINGS, '{"things": [1]}', {"things": [1]}),
        (None, '{"things": [1]}', {"things": [1]}),
        (None, "just words", "just words"),
        (None, "7", "7"),
        ({"type": "string"}, '{"things": [1]}', '{"things": [1]}'),
        ({"type": "integer"}, "7", 7),
        ({"type": ["string", "object"]}, '{"a": 1}', '{"a": 1}'),
    ],
)
def test_an_example_that_is_json_as_a_text_is_read_where_no_text_is_wanted(
    mock: Callable[..., Mock], schema: object, text: str, expected: object
) -> None:
    media = {**({"schema": schema} if schema is not None else {}), "example": text}
    answer = mock(get({"application/json": media}, "3.1.0")).ask("/a")

    assert (answer.source, body_of(answer)) == ("example:default", expected)


TICK = {
    "type": "object",
    "required": ["price"],
    "properties": {"price": {"type": "number"}, "next": {"$ref": "#/components/schemas/Wrapped"}},
}
WRAPPED = {
    "type": "string",
    "contentMediaType": "application/json",
    "contentSchema": {"$ref": "#/components/schemas/Tick"},
}
COMPONENTS = {"schemas": {"Tick": TICK, "Wrapped": WRAPPED}}


@pytest.mark.parametrize("encoding", [None, "base64"])
def test_a_text_whose_content_is_json_holds_it(mock: Callable[..., Mock], encoding: str | None) -> None:
    schema = {
        "type": "object",
        "required": ["p"],
        "properties": {"p": {**WRAPPED, **({"contentEncoding": encoding} if encoding else {})}},
    }
    answer = mock(get({"application/json": {"schema": schema}}, "3.1.0", components=COMPONENTS)).ask("/a")
    text = body_of(answer)["p"]  # type: ignore[index]
    content = orjson.loads(base64.b64decode(text) if encoding else text)

    assert isinstance(content["price"], int | float)
    assert len(answer.body) < 5000  # it holds itself, and each time the backslashes double


def test_a_text_whose_content_is_json_of_any_kind_can_be_read(mock: Callable[..., Mock]) -> None:
    schema = {"type": "array", "minItems": 1, "items": {"type": "string", "contentMediaType": "application/vnd.x+json"}}

    texts = body_of(mock(get({"application/json": {"schema": schema}}, "3.1.0")).ask("/a"))

    assert [orjson.loads(text) for text in texts] != []  # type: ignore[attr-defined]


def test_events_may_come_without_data(mock: Callable[..., Mock]) -> None:
    item = {"type": "object", "required": ["event"], "properties": {"event": {"const": "ping"}, "retry": {"const": 5}}}
    answer = mock(get({EVENTS: {"itemSchema": item}}, "3.2.0")).ask("/a")

    assert b"event: ping\n" in answer.body
    assert b"data:" not in answer.body


def test_data_that_has_an_id_is_no_event_without_data(mock: Callable[..., Mock]) -> None:
    item = {"type": "object", "required": ["id"], "properties": {"id": {"const": 7}}}

    assert set(data_of(mock(get({EVENTS: {"schema": item}}, "3.2.0")).ask("/a").body)) == {'{"id":7}'}


def tagged(word: str, tag: str = "type", **properties: object) -> dict[str, object]:
    return {
        "type": "object",
        "required": [tag, *properties],
        "properties": {tag: {"type": "string", "enum": [word]}, **properties},
    }


RESPONSES = [
    "response.output_text.done", "response.failed", "response.completed", "response.code.completed", "response.created",
    "response.output_text.delta", "error", "response.in_progress", "response.incomplete",
]  # fmt: skip
MESSAGES = [
    "message_start",
    "message_stop",
    "content_block_stop",
    "content_block_start",
    "content_block_delta",
    "ping",
    "error",
]


@pytest.mark.parametrize("keyword", ["oneOf", "anyOf"])
@pytest.mark.parametrize(
    ("words", "first", "last"),
    [
        (RESPONSES, "response.created", "response.completed"),
        (MESSAGES, "message_start", "message_stop"),
        (["delta", "done"], "delta", "done"),
    ],
)
@pytest.mark.parametrize("size", [1, 2, 3, 6])
def test_a_stream_opens_and_ends_with_what_says_so(
    mock: Callable[..., Mock], keyword: str, words: list[str], first: str, last: str, size: int
) -> None:
    union = {keyword: [{"$ref": f"#/components/schemas/{number}"} for number in range(len(words))]}
    schemas = {str(number): tagged(word) for number, word in enumerate(words)} | {"Union": union}
    document = get({EVENTS: {"schema": {"$ref": "#/components/schemas/Union"}}}, components={"schemas": schemas})
    found = [
        orjson.loads(data)["type"]
        for data in data_of(mock(document).ask("/a", headers={"prefer": f"size={size}"}).body)
    ]

    assert len(found) == size
    assert found[-1] == last
    assert size == 1 or found[0] == first
    assert last not in found[:-1]
    assert not {"error", "response.failed", "response.incomplete"} & set(found)


@pytest.mark.parametrize("word", [lambda word: {"enum": [word]}, lambda word: {"const": word}], ids=["enum", "const"])
@pytest.mark.parametrize(("version", "keyword"), [("3.1.0", "schema"), ("3.2.0", "itemSchema")])
def test_an_event_has_the_name_of_its_type_where_the_union_tells_events_apart_by_it(
    mock: Callable[..., Mock], word: Callable[[str], dict[str, object]], version: str, keyword: str
) -> None:
    union = {
        "oneOf": [{"type": "object", "required": ["type"], "properties": {"type": word(each)}} for each in MESSAGES]
    }
    asked = mock(get({EVENTS: {keyword: union}}, version))
    answer = asked.ask("/a", headers={"prefer": "size=4"})
    lines = answer.body.decode().splitlines()
    names = [line.removeprefix("event: ") for line in lines if line.startswith("event:")]
    judge = asked.responder.judge_of(asked.responder.document.entries[0])

    assert names == [orjson.loads(data)["type"] for data in data_of(answer.body)]
    assert (names[0], names[-1]) == ("message_start", "message_stop")
    assert judge.judge(Response(200, answer.fields, answer.body)) == ()


@pytest.mark.parametrize(
    "schema",
    [
        tagged("chat.completion.chunk", "object"),
        {"oneOf": [tagged("a", "kind"), tagged("b", "kind")]},
        tagged("only"),
        {"type": "object", "required": ["type"], "properties": {"type": {"enum": ["a", "b"]}}},
    ],
    ids=["an object", "another tag", "one type", "no alternatives"],
)
def test_events_of_other_streams_have_no_name(mock: Callable[..., Mock], schema: dict[str, object]) -> None:
    body = mock(get({EVENTS: {"schema": schema}})).ask("/a").body

    assert b"event:" not in body
    assert b"data: {" in body


NAMED = b'event: message_start\ndata: {"type":"message_start"}\n\nevent: ping\n\nid: 7\nevent: message_stop\ndata: {"type":"message_stop"}\n\n'


@pytest.mark.parametrize(
    ("body", "rules"), [(NAMED, []), (NAMED.replace(b'"message_stop"', b'"other"'), ["response-body-schema"])]
)
def test_the_data_of_named_events_is_judged_by_a_schema_that_speaks_of_data_alone(
    mock: Callable[..., Mock], body: bytes, rules: list[str]
) -> None:
    asked = mock(get({EVENTS: {"itemSchema": {"oneOf": [tagged(word) for word in MESSAGES]}}}, "3.2.0"))
    judge = asked.responder.judge_of(asked.responder.document.entries[0])

    assert [found.rule for found in judge.judge(Response(200, [(b"content-type", EVENTS.encode())], body))] == rules


def test_alternatives_within_alternatives_beside_other_keywords_end_too(mock: Callable[..., Mock]) -> None:
    inner = {"oneOf": [tagged("a.delta", "event"), tagged("a.done", "event")]}
    item = {
        "type": "object",
        "required": ["data"],
        "properties": {"data": {"const": "x"}},
        "oneOf": [inner, tagged("b", "event")],
    }
    body = mock(get({EVENTS: {"itemSchema": item}}, "3.2.0")).ask("/a", headers={"prefer": "size=8"}).body.decode()

    assert body.count("event: a.done") == 1
    assert body.endswith("event: a.done\ndata: x\n\n")


def test_the_mark_of_the_end_is_an_alternative(mock: Callable[..., Mock]) -> None:
    union = {"oneOf": [{"type": "string", "enum": ["[DONE]"]}, THINGS]}
    found = data_of(mock(get({EVENTS: {"schema": union}})).ask("/a").body)

    assert found[-1] == "[DONE]"
    assert "[DONE]" not in found[:-1]


SAYS_SO = "The stream is terminated by a `data: [DONE]` message."


@pytest.mark.parametrize("where", ["response", "operation", "switch"])
def test_a_stream_ends_with_the_mark_that_the_document_describes(mock: Callable[..., Mock], where: str) -> None:
    content = {EVENTS: {"schema": THINGS}}
    stream = {"type": "boolean", **({"description": SAYS_SO} if where == "switch" else {})}
    post = {
        "requestBody": {
            "content": {
                "application/json": {"schema": {"allOf": [{"type": "object", "properties": {"stream": stream}}]}}
            }
        },
        "responses": {"200": {"description": SAYS_SO if where == "response" else "", "content": content}},
        **({"description": SAYS_SO} if where == "operation" else {}),
    }
    asked = mock(minimal({"/a": {"post": post}}))
    answer = asked.ask("/a", "POST", json={"stream": True})

    assert data_of(answer.body)[-1] == "[DONE]"
    assert len(data_of(answer.body)) == 4
    entry = asked.responder.document.entries[0]
    assert asked.responder.judge_of(entry).judge(Response(200, answer.fields, answer.body)) == ()


def test_a_mark_at_the_end_of_a_real_stream_is_no_event(mock: Callable[..., Mock]) -> None:
    item = {"type": "object", "required": ["data"], "properties": {"data": {"type": "integer"}}}
    asked = mock(get({EVENTS: {"itemSchema": item}}, "3.2.0"))
    judge = asked.responder.judge_of(asked.responder.document.entries[0])
    fields = [(b"content-type", b"text/event-stream")]

    assert judge.judge(Response(200, fields, b"data: 1\n\ndata: [DONE]\n\n")) == ()
    assert [found.rule for found in judge.judge(Response(200, fields, b"data: x\n\ndata: [DONE]\n\n"))] == [
        "response-body-schema"
    ]


def test_streams_are_the_same_for_the_same_seed(mock: Callable[..., Mock]) -> None:
    document = get({EVENTS: {"schema": {"oneOf": [tagged(word) for word in RESPONSES]}}})
    bodies = {mock(document).ask("/a").body for _ in range(2)}

    assert len(bodies) == 1
