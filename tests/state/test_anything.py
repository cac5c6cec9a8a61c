"""Whatever is sent, in whatever order, is answered: in the document's words, or with problem details that say why not."""

from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mock_server.exchange.message import Request, Response
from mock_server.respond.worlds import World
from tests.state.test_shop import SHOP
from tests.support.crud import chargers, todos
from tests.support.mocks import Mock

texts = st.text(st.characters(codec="utf-8"), max_size=6) | st.sampled_from(
    ["\0", "../..", "%2F", "a" * 3000, "9" * 30, "-1", "1e999", "null"]
)
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.floats(allow_nan=False) | texts,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["id", "name", "title", "email", "tags", "x"]) | texts, inner, max_size=4)
    ),
    max_leaves=8,
)
patches = st.lists(
    st.fixed_dictionaries(
        {
            "op": st.sampled_from(["add", "remove", "replace", "move", "copy", "test", "x"]),
            "path": st.sampled_from(["", "/id", "/name", "/-", "/x/0", "x"]),
        },
        optional={"value": values, "from": st.sampled_from(["", "/id", "/name"])},
    ),
    max_size=3,
)
queries = st.dictionaries(
    st.sampled_from(
        [
            "limit",
            "offset",
            "page",
            "cursor",
            "page_size",
            "sort",
            "sort_by",
            "order",
            "q",
            "done",
            "status",
            "minAge",
            "tag",
            "ownerId",
        ]
    ),
    texts | st.integers(-3, 10**20).map(str),
    max_size=3,
)
kinds = st.sampled_from(
    ["application/json", "application/merge-patch+json", "application/json-patch+json", "text/plain"]
)


@pytest.mark.parametrize("document", [todos, chargers, lambda: SHOP], ids=["todos", "chargers", "shop"])
def test_any_request_is_answered(mock: Callable[..., Mock], document: Callable[[], dict]) -> None:
    strict = mock(document(), stateful=True, security=False).responder
    lax = mock(document(), stateful=True, security=False, validate_requests=False).responder
    world = World("any")
    entries = [entry for entry in strict.document.entries if strict.sources[-1].touches(entry)]
    known: list[str] = []

    @settings(max_examples=250, deadline=None)
    @given(
        entry=st.sampled_from(entries), key=texts | st.integers(-2, 10**19).map(str), pick=st.integers(0, 50), body=values | patches,
        kind=kinds, query=queries, checked=st.booleans(), accept=st.sampled_from(["*/*", "*/*", "*/*", "application/json", "application/xml", "text/csv"]),
    )  # fmt: skip
    def ask(
        entry: Any, key: str, pick: int, body: object, kind: str, query: dict[str, str], checked: bool, accept: str
    ) -> None:
        chosen = known[pick % len(known)] if known and pick % 3 else key
        path = strict.base_paths(entry)[0] + entry.template
        for name in ("{todoId}", "{userId}", "{ownerId}", "{petId}", "{slug}"):
            path = path.replace(name, quote(chosen or "x", safe=""))
        path = path.replace("{chargerId}", "C")
        pairs = "&".join(f"{quote(name)}={quote(value)}" for name, value in query.items()).encode()
        has_body = entry.method in {"POST", "PUT", "PATCH"}
        fields = [(b"accept", accept.encode()), *([(b"content-type", kind.encode())] if has_body else [])]
        data = orjson.dumps(body, option=orjson.OPT_NON_STR_KEYS) if has_body and not _is_huge(body) else b""
        responder = strict if checked else lax

        answer = responder.respond(Request(entry.method, path.encode(), pairs, fields, data), world)

        assert answer.status < 500
        if answer.entry is not None and not answer.source.startswith("problem:"):
            assert responder.judge_of(answer.entry).judge(Response(answer.status, answer.fields, answer.body)) == ()
        if answer.status == 201 and (where := dict(answer.fields).get(b"location")) is not None:
            known.append(where.decode().rpartition("/")[2])

    ask()


def _is_huge(value: object) -> bool:
    """Integers that JSON as orjson writes it has no room for."""
    if isinstance(value, dict):
        return any(map(_is_huge, value.values()))
    if isinstance(value, list):
        return any(map(_is_huge, value))
    return isinstance(value, int) and not -(2**63) <= value < 2**64


def test_a_store_that_went_away_is_503(mock: Callable[..., Mock], tmp_path: Any) -> None:
    from tests.support.postgres import running_postgres

    with running_postgres() as url:
        asked = mock(todos(), stateful=True, store=url)
        assert asked.ask("/todos").status == 200
    gone = asked.ask("/todos")

    assert (gone.status, gone.source) == (503, "problem:store-unavailable")
    assert b"s3cret" not in gone.body
