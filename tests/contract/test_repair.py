"""A refusal says what is wrong with a request: the run listens, and never sends the same refused body twice."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mock_server.contract.drafting.plausible import plain_word
from tests.contract.test_knowledge import TEXT, Provider, answers, content, reached, run

ANY = {
    "type": "object",
    "properties": {
        "name": TEXT,
        "kind": {"type": "string"},
        "size": {"type": "integer"},
        "ignore_size": {"type": "boolean"},
        "host": TEXT,
        "owner": {"type": "object", "properties": {"email": TEXT}},
    },
}
Answer = tuple[int, object]


def refuse_missing(name: str) -> Callable[[dict], Answer | None]:
    return lambda body: None if body.get(name) else (400, {"message": f"Key '{name}' is required"})


REFUSALS: dict[str, Callable[[dict], Answer | None]] = {
    "a property is required": refuse_missing("kind"),
    "a property is not allowed beside another": lambda body: (
        (400, {"error": "size is provided"}) if "size" in body and "ignore_size" in body else None
    ),
    "one of some values": lambda body: (
        None if body.get("kind") in {"Native", "Master"} else (422, {"error": "kind must be one of 'Native', 'Master'"})
    ),
    "a dot at the end": lambda body: (
        None
        if str(body.get("name", "")).endswith(".")
        else (422, {"error": f"DNS Name '{body.get('name', '')}' is not canonical, see name"})
    ),
    "a place by loc": lambda body: (
        None
        if "@" in str((body.get("owner") or {}).get("email"))
        else (422, {"detail": [{"loc": ["body", "owner", "email"], "msg": "value is not a valid email address"}]})
    ),
    "a pattern": lambda body: (
        None
        if str(body.get("host", "")).startswith("h-")
        else (400, {"message": 'host must match "^h-[a-z]{3}$"', "field": "host"})
    ),
    "plain text": lambda body: None if (body.get("size") or 0) > 0 else (400, "size must be a positive number"),
}


@pytest.mark.parametrize("name", REFUSALS)
def test_a_request_is_mended_as_its_refusal_asks(tmp_path: Path, name: str) -> None:
    def answer(method: str, where: str, body: dict) -> Answer:
        return REFUSALS[name](body) or (201, {"id": "1"})

    paths = {"/things": {"post": {"requestBody": {"required": True, **content(ANY)}, "responses": answers("201", {})}}}
    provider = Provider(answer)

    assert reached(run(provider, paths, tmp_path)) == {"POST /things"}
    assert len(provider.sent) < 15


def test_the_same_refused_body_is_never_sent_twice(tmp_path: Path) -> None:
    provider = Provider(lambda method, where, body: (422, {"error": "no"}))
    one = {"parameters": [{"name": "id", "in": "path", "required": True, "schema": TEXT}]}
    paths = {
        "/things": {"post": {"requestBody": {"required": True, **content(ANY)}, "responses": answers("201", {})}},
        "/things/{id}": {**one, "get": {"responses": answers("200", {})}, "delete": {"responses": answers("204")}},
        "/things/{id}/parts": {
            **one,
            "post": {"requestBody": {"required": True, **content(ANY)}, "responses": answers("201", {})},
        },
    }

    run(provider, paths, tmp_path, ("examples", "coverage", "stateful"))
    counted = Counter(sent for sent in provider.raw if sent[0] == "POST")

    assert counted
    assert max(counted.values()) == 1


def test_the_same_seed_sends_the_same_whatever_is_refused(tmp_path: Path) -> None:
    def answer(method: str, where: str, body: dict) -> Answer:
        return REFUSALS["one of some values"](body) or (201, {"id": body.get("name", "")})

    paths = {"/things": {"post": {"requestBody": {"required": True, **content(ANY)}, "responses": answers("201", {})}}}
    one, other = Provider(answer), Provider(answer)
    for provider in (one, other):
        run(provider, paths, tmp_path, ("examples", "coverage", "stateful"))

    assert one.sent == other.sent


@given(st.integers(0, 2**64 - 1))
def test_a_plain_word_is_plain(seed: int) -> None:
    word = plain_word(seed)

    assert word.isascii()
    assert word.isalnum()
    assert word == word.lower()
    assert word[0].isalpha()
    assert 6 <= len(word) <= 9
