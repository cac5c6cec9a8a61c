"""Scenarios: in which state each of them is, switched by a click; and the mappings that were made while the server runs."""

from collections.abc import Iterator
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from mock_server.serve.console.context import ROOT, Context
from mock_server.serve.script.mapping import StubMapping
from mock_server.serve.script.playing import Player
from mock_server.serve.script.stubs import Stubs, StubSource
from mock_server.serve.world import STARTED


@dataclass(frozen=True, slots=True)
class Played:
    """A scenario in a world."""

    name: str
    file: str  # or "" where mappings make it
    states: tuple[str, ...]
    state: str
    rules: int


class ScenarioPages:
    """See the module."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def routes(self) -> list[Route]:
        """Where the pages are."""
        return [Route("/scenarios", self.show), Route("/scenarios", self.change, methods=["POST"])]

    async def show(self, request: Request) -> Response:
        """All scenarios with their states in the world that is looked at, and the mappings."""
        return self._context.show(
            request, "scenarios", page="scenarios", played=list(self._played(request)), mappings=self._mappings(request)
        )  # fmt: skip

    async def change(self, request: Request) -> Response:
        """Switch a scenario, bring all of them back, or remove a mapping."""
        form = {key: str(value) for key, value in (await request.form()).items()}
        world, act, name = self._context.world(request), form.get("act"), form.get("scenario", "")
        known = {each.name: each for each in self._played(request)}
        if act == "switch" and name in known and form.get("state") in known[name].states:
            world.scenarios[name] = form["state"]
        elif act == "reset":
            world.scenarios.clear()
            for turn in [turn for turn in world.turns if turn.startswith("scenario:")]:
                del world.turns[turn]
        elif act == "remove":
            for stubs in self._stubs():
                stubs.remove(form.get("mapping", ""))
        return self._context.back(f"{ROOT}/scenarios")

    def _stubs(self) -> list[Stubs]:
        found = [s.stubs for mount in self._context.backend.mounts for s in mount.responder.sources if isinstance(s, StubSource)]
        return list(dict.fromkeys(found))

    def _mappings(self, request: Request) -> list[StubMapping]:
        world = self._context.world(request)
        return [mapping for stubs in self._stubs() for mapping in stubs if mapping.world in {None, world.name}]

    def _played(self, request: Request) -> Iterator[Played]:
        world = self._context.world(request)
        seen: set[str] = set()
        for mount in self._context.backend.mounts:
            for source in mount.responder.sources:
                for scenario in source.scenarios if isinstance(source, Player) else ():
                    if scenario.name not in seen:
                        seen.add(scenario.name)
                        state = world.scenarios.get(scenario.name, STARTED)
                        states = tuple(dict.fromkeys((*scenario.states, state)))
                        yield Played(scenario.name, scenario.place.file, states, state, len(scenario.rules))
        made: dict[str, list[str]] = {}
        for mapping in self._mappings(request):
            if mapping.scenario is not None and mapping.scenario not in seen:
                named = (state for state in (mapping.required, mapping.then) if state is not None)
                made.setdefault(mapping.scenario, [STARTED]).extend(named)
        for name, named_states in made.items():
            state = world.scenarios.get(name, STARTED)
            yield Played(name, "", tuple(dict.fromkeys((*named_states, state))), state, 0)
