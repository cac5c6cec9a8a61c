"""The stateful mock does what a plain dictionary does, whatever is asked in whatever order, wherever state is kept."""

import itertools
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import orjson
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from mock_server.compose.backend import add_state
from mock_server.exchange.message import Request, Response
from mock_server.respond.answer import Answer
from mock_server.respond.worlds import World
from mock_server.state.store import Store
from tests.support.crud import todos
from tests.support.mocks import Mock

_WORLDS = itertools.count()
_STEPS = settings(max_examples=12, stateful_step_count=25, deadline=None)

titles = st.text(st.characters(codec="utf-8", exclude_categories=("Cs",)), min_size=1, max_size=12)
bodies = st.fixed_dictionaries({"title": titles}, optional={"done": st.booleans(), "note": st.none() | titles})
patches = st.fixed_dictionaries({}, optional={"title": titles, "done": st.booleans(), "note": st.none() | titles})
picks = st.integers(0, 30)


def machine(asked: Mock, store: Store) -> type[RuleBasedStateMachine]:
    """A machine that asks the mock and a dictionary the same."""

    class Todos(RuleBasedStateMachine):
        def __init__(self) -> None:
            super().__init__()
            self.world = World(f"w{next(_WORLDS)}")
            self.things: dict[int, dict[str, Any]] = {}
            self.gone: list[int] = []
            self.saved: Any = None

        def ask(self, method: str, path: str, body: object = None, kind: bytes = b"application/json") -> Answer:
            target, _, query = path.partition("?")
            fields = [(b"content-type", kind)] if body is not None else []
            data = orjson.dumps(body) if body is not None else b""
            answer = asked.responder.respond(Request(method, target.encode(), query.encode(), fields, data), self.world)
            assert answer.entry is not None
            assert (
                asked.responder.judge_of(answer.entry).judge(Response(answer.status, answer.fields, answer.body)) == ()
            )
            return answer

        def got(self, path: str) -> Any:
            answer = self.ask("GET", path)
            assert answer.status == 200
            return orjson.loads(answer.body)

        def pick(self, number: int) -> int:
            """One of those that there are, that there were, or that never were."""
            known = [*self.things, *self.gone, 1]
            return known[number % len(known)]

        @initialize()
        def begin(self) -> None:
            self.things = {thing["id"]: thing for thing in self.got("/todos")}

        @rule(body=bodies)
        def create(self, body: dict[str, Any]) -> None:
            answer = self.ask("POST", "/todos", body)
            thing = orjson.loads(answer.body)
            assert answer.status == 201
            assert thing["id"] not in {*self.things, *self.gone}
            assert {name: thing.get(name) for name in ("title", "done", "note")} == {
                "done": False,
                "note": None,
                **body,
            }
            self.things[thing["id"]] = thing

        @rule(number=picks)
        def read(self, number: int) -> None:
            key = self.pick(number)
            answer = self.ask("GET", f"/todos/{key}")
            assert answer.status == (200 if key in self.things else 404)
            if key in self.things:
                assert orjson.loads(answer.body) == self.things[key]

        @rule(number=picks, body=bodies)
        def replace(self, number: int, body: dict[str, Any]) -> None:
            key = self.pick(number)
            answer = self.ask("PUT", f"/todos/{key}", body)
            assert answer.status == (200 if key in self.things else 404)
            if key in self.things:
                self.changed(key, answer, {"done": False, "note": None, **body})

        @rule(number=picks, patch=patches)
        def change(self, number: int, patch: dict[str, Any]) -> None:
            key = self.pick(number)
            answer = self.ask("PATCH", f"/todos/{key}", patch, b"application/merge-patch+json")
            assert answer.status == (200 if key in self.things else 404)
            if key in self.things:
                before = self.things[key]
                self.changed(
                    key, answer, {name: patch.get(name, before.get(name)) for name in ("title", "done", "note")}
                )

        def changed(self, key: int, answer: Answer, wanted: dict[str, Any]) -> None:
            after = orjson.loads(answer.body)
            assert {name: after.get(name) for name in wanted} == wanted
            assert (after["id"], after["createdAt"]) == (key, self.things[key]["createdAt"])
            self.things[key] = after

        @rule(number=picks)
        def remove(self, number: int) -> None:
            key = self.pick(number)
            assert self.ask("DELETE", f"/todos/{key}").status == (204 if key in self.things else 404)
            if self.things.pop(key, None) is not None:
                self.gone.append(key)

        @rule(done=st.booleans())
        def filtered(self, done: bool) -> None:
            wanted = [thing for thing in self.things.values() if thing["done"] is done]
            assert self.got(f"/todos?done={str(done).lower()}") == wanted

        @rule(limit=st.integers(1, 5), page=st.integers(1, 4), down=st.booleans())
        def paged(self, limit: int, page: int, down: bool) -> None:
            answer = self.ask("GET", f"/todos?limit={limit}&page={page}&sort={'-' if down else ''}id")
            ordered = sorted(self.things.values(), key=lambda thing: thing["id"], reverse=down)
            assert orjson.loads(answer.body) == ordered[(page - 1) * limit : page * limit]
            assert dict(answer.fields)[b"x-total-count"] == str(len(ordered)).encode()

        @rule(text=titles)
        def searched(self, text: str) -> None:
            fold = text.casefold()
            found = {thing["id"] for thing in self.got(f"/todos?q={quote(text)}")}
            said = {
                key
                for key, thing in self.things.items()
                if fold in thing["title"].casefold() or fold in (thing.get("note") or "").casefold()
            }
            assert said <= found <= set(self.things)

        @rule()
        def save(self) -> None:
            self.saved = (
                orjson.loads(orjson.dumps(store.snapshot(self.world.name))),
                dict(self.things),
                list(self.gone),
            )

        @rule()
        def go_back(self) -> None:
            if self.saved is not None:
                snapshot, self.things, gone = self.saved
                self.things, self.gone = dict(self.things), list(gone)
                store.restore(self.world.name, snapshot)

        @rule()
        def fork(self) -> None:
            """Go on in a copy; what is done in it is nothing to the world that it was made of."""
            copy = World(f"w{next(_WORLDS)}")
            store.fork(self.world.name, copy.name)
            self.world = copy

        @invariant()
        def all_is_listed(self) -> None:
            assert self.got("/todos") == list(self.things.values())

        def teardown(self) -> None:
            store.drop(self.world.name)

    return Todos


def test_the_mock_does_what_a_dictionary_does(mock: Callable[..., Mock], store: Store) -> None:
    asked = mock(todos())
    add_state(asked.responder, store)

    run_state_machine_as_test(machine(asked, store), settings=_STEPS)
