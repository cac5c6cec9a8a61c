"""
Scenarios: one file per story, in `scenarios/`. Anyone can add one without reading code.

    story:     what a user wants to see
    document:  an OpenAPI document, or paths of one
    settings:  of the server
    files:     beside the document, by their names: fixtures, scenarios
    exchanges: request (line, headers, json or body) and what is expected of the answer
"""

from collections.abc import Callable
from pathlib import Path

import pytest

from mock_server.document.yaml import decode_yaml
from tests.support.mocks import Mock, body_of, fields_of, minimal

FILES = sorted((Path(__file__).resolve().parent.parent / "scenarios").glob("*.yaml"))
KEYS = {"story", "document", "paths", "components", "settings", "files", "exchanges", "openapi"}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_story_goes_as_it_is_told(path: Path, mock: Callable[..., Mock]) -> None:
    story, notes = decode_yaml(path.read_text())
    assert notes == ()
    assert story.keys() <= KEYS
    components = {"components": story["components"]} if "components" in story else {}
    document = story.get("document") or minimal(story["paths"], str(story.get("openapi", "3.0.3")), **components)
    asked = mock(
        document,
        story.get("files"),
        **{name: tuple(v) if isinstance(v, list) else v for name, v in story.get("settings", {}).items()},
    )

    for exchange in story["exchanges"]:
        check(asked, exchange)


def check(asked: Mock, exchange: dict) -> None:
    method, target = exchange["request"].split(" ", 1)
    headers = {name: str(value) for name, value in exchange.get("headers", {}).items()}
    extra = {"json": exchange["json"]} if "json" in exchange else {"body": str(exchange.get("body", "")).encode()}
    if headers.get("content-type") and "json" in exchange:
        import orjson

        extra = {"body": orjson.dumps(exchange["json"])}
    answer = asked.ask(target, method, headers=headers, **extra)
    expected = exchange["expect"]
    fields = fields_of(answer)

    assert answer.status == expected["status"], answer.body
    for name, value in expected.get("headers", {}).items():
        assert fields.get(name) == value, (name, fields)
    if "json" in expected:
        assert body_of(answer) == expected["json"]
    if "text" in expected:
        assert answer.body.decode() == expected["text"]
    for word in expected.get("contains", []):
        assert word in answer.body.decode()
    for name in expected.get("has", []):
        assert name in body_of(answer)
    if "empty" in expected:
        assert (answer.body == b"") is expected["empty"]
