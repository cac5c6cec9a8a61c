"""What is created is there, what is deleted is gone, and every answer keeps to the document."""

from collections.abc import Callable
from typing import Any

import orjson
import pytest

from mock_server.exchange.message import Response
from mock_server.respond.answer import Answer
from tests.support.crud import chargers, charging, todos
from tests.support.mocks import Mock, body_of, fields_of

MERGE = {"content-type": "application/merge-patch+json"}


@pytest.fixture
def todo(mock: Callable[..., Mock]) -> Mock:
    return mock(todos(), stateful=True)


def judged(asked: Mock, answer: Answer) -> Answer:
    """An answer that the judge of responses has nothing to say against."""
    assert answer.entry is not None
    assert asked.responder.judge_of(answer.entry).judge(Response(answer.status, answer.fields, answer.body)) == ()
    return answer


def test_a_todo_lives_from_its_creation_to_its_end(todo: Mock) -> None:
    created = judged(todo, todo.ask("/todos", "POST", json={"title": "Buy milk", "secret": "s"}))
    thing: Any = body_of(created)
    where = fields_of(created)["location"]

    assert created.status == 201
    assert where == f"/todos/{thing['id']}"
    assert thing["title"] == "Buy milk"
    assert thing["done"] is False
    assert "secret" not in thing
    assert body_of(judged(todo, todo.ask(where))) == thing
    assert thing in body_of(judged(todo, todo.ask("/todos")))  # type: ignore[operator]

    changed: Any = body_of(judged(todo, todo.ask(where, "PATCH", headers=MERGE, body=b'{"done": true}')))
    assert (changed["title"], changed["done"], changed["createdAt"]) == ("Buy milk", True, thing["createdAt"])

    replaced: Any = body_of(judged(todo, todo.ask(where, "PUT", json={"title": "Other"})))
    assert (replaced["id"], replaced["title"], replaced["done"]) == (thing["id"], "Other", False)

    assert judged(todo, todo.ask(where, "DELETE")).status == 204
    gone = judged(todo, todo.ask(where))
    assert (gone.status, body_of(gone)) == (404, {"message": f"there is no todo '{thing['id']}'"})
    assert judged(todo, todo.ask(where, "DELETE")).status == 404


def test_worlds_do_not_see_each_other(mock: Callable[..., Mock]) -> None:
    from mock_server.respond.worlds import World

    asked = mock(todos(), stateful=True)
    from mock_server.exchange.message import Request

    def ask(world: World, method: str, path: str, body: bytes = b"") -> Any:
        return asked.responder.respond(
            Request(method, path.encode(), b"", [(b"content-type", b"application/json")], body), world
        )

    ada, bob = World("ada"), World("bob")
    made = orjson.loads(ask(ada, "POST", "/todos", b'{"title": "A"}').body)

    assert ask(ada, "GET", f"/todos/{made['id']}").status == 200
    assert ask(bob, "GET", f"/todos/{made['id']}").status == 404


def test_the_drivers_of_chargers_live_on_their_own(mock: Callable[..., Mock]) -> None:
    asked = mock(chargers(), stateful=True)
    key = "code=k&clientId=c"
    base = "/api/charger/{}/users"
    before: Any = body_of(judged(asked, asked.ask(base.format("A") + "?" + key)))

    created = judged(asked, asked.ask(base.format("A") + "?" + key, "POST", json={"name": "Aino"}))
    driver: Any = body_of(created)
    here = base.format("A") + f"/{driver['id']}?{key}"

    assert fields_of(created)["location"] == here.partition("?")[0]
    assert len(body_of(judged(asked, asked.ask(base.format("A") + "?" + key)))) == len(before) + 1  # type: ignore[arg-type]
    assert body_of(judged(asked, asked.ask(here))) == driver
    assert driver not in body_of(judged(asked, asked.ask(base.format("B") + "?" + key)))  # type: ignore[operator]
    assert judged(asked, asked.ask(here, "DELETE")).status == 204
    assert asked.ask(here).status == 404
    assert body_of(asked.ask(base.format("A") + "?" + key)) == before


KEYS = "?clientId=c&code=k"
KNOWN = "EMABLER_Charger12345"  # an example of the path parameter


def test_what_the_document_names_is_there_and_has_what_the_document_gives_it(mock: Callable[..., Mock]) -> None:
    asked = mock(charging(), stateful=True)
    there: Any = body_of(judged(asked, asked.ask(f"/api/charger{KEYS}")))
    drivers: Any = body_of(judged(asked, asked.ask(f"/api/charger/{KNOWN}/users{KEYS}")))

    assert there[0]["chargerId"] == KNOWN
    assert len({charger["chargerId"] for charger in there}) == len(there)
    assert [driver["name"] for driver in drivers] == ["Aino Virtanen", "Mikael Lindqvist"]
    assert body_of(judged(asked, asked.ask(f"/api/charger/{KNOWN}{KEYS}"))) == there[0]
    assert asked.ask(f"/api/charger/EMABLER_Charger00000{KEYS}").status == 404  # the document says that it is not there


def test_a_charger_and_its_drivers_live_without_any_extension(mock: Callable[..., Mock]) -> None:
    asked = mock(charging(), stateful=True)

    def ask(path: str, method: str = "GET", **options: Any) -> tuple[int, Any]:
        answer = judged(asked, asked.ask(f"/api{path}{KEYS}", method, **options))
        return answer.status, body_of(answer) if answer.body else None

    count = len(ask("/charger")[1])
    made = asked.ask(f"/api/charger{KEYS}", "POST", json={"chargerId": "YARD-1", "chargerName": "Yard"})
    assert (judged(asked, made).status, fields_of(made)["location"]) == (201, "/api/charger/YARD-1")
    assert ask("/charger/YARD-1/users") == (200, [])
    driver = ask("/charger/YARD-1/users", "POST", json={"name": "Ann"})[1]
    assert ask(f"/charger/YARD-1/users/{driver['id']}") == (200, driver)
    changed = ask(f"/charger/YARD-1/users/{driver['id']}", "PATCH", headers=MERGE, body=b'{"name": "Anna"}')[1]
    assert ask("/charger/YARD-1/users") == (200, [changed])
    assert (
        ask("/charger/YARD-1", "PUT", json={"chargerId": "YARD-1", "chargerName": "Gate"})[1]["chargerName"] == "Gate"
    )
    assert len(ask("/charger")[1]) == count + 1
    assert ask(f"/charger/YARD-1/users/{driver['id']}", "DELETE")[0] == 204
    assert ask("/charger/YARD-1/users") == (200, [])
    assert ask("/charger/YARD-1", "DELETE")[0] == 204
    assert [
        ask("/charger/YARD-1", method, json={} if method == "PUT" else None)[0] for method in ("GET", "PUT", "DELETE")
    ] == [404] * 3
    assert len(ask("/charger")[1]) == count
