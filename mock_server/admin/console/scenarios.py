"""
Scenarios.

In which state each of them is, switched by a click; and the mappings that were made while the server runs.
"""

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from mock_server.admin.console.context import ROOT, ConsoleContext
from mock_server.errors import ScriptError
from mock_server.respond.mappings import possible_states, reset_scenarios, set_state
from mock_server.respond.responder import Responder
from mock_server.respond.scenarios import Player
from mock_server.respond.worlds import STARTED


@dataclass(frozen=True, slots=True)
class Played:
    """A scenario in a world."""

    name: str
    file: str  # or "" where mappings make it
    states: tuple[str, ...]
    state: str


class ScenarioPages:
    """See the module."""

    def __init__(self, context: ConsoleContext) -> None:
        self._context = context

    def routes(self) -> list[Route]:
        """Return where the pages are."""
        return [Route("/scenarios", self.listing), Route("/scenarios", self.change, methods=["POST"])]

    @property
    def _responders(self) -> list[Responder]:
        return [mount.responder for mount in self._context.backend.mounts]

    async def listing(self, request: Request) -> Response:
        """Return all scenarios with their states in the world that is looked at, and the mappings."""
        return self._show(request)

    def _show(self, request: Request, problem: str = "") -> Response:
        world, stubs = self._context.world(request), self._context.backend.stubs
        players = [
            source for responder in self._responders for source in responder.sources if isinstance(source, Player)
        ]
        files = {scenario.name: scenario.place.file for player in players for scenario in player.scenarios}
        played = []
        for name, states in possible_states(self._responders, stubs).items():
            state = world.scenarios.get(name, STARTED)
            played.append(Played(name, files.get(name, ""), tuple(dict.fromkeys((*states, state))), state))
        return self._context.show(
            request,
            "scenarios",
            page="scenarios",
            status=422 if problem else 200,
            played=played,
            mappings=[mapping for mapping in stubs if mapping.world in {None, world.name}],
            problem=problem,
        )

    async def change(self, request: Request) -> Response:
        """Switch a scenario, bring all of them back, or remove a mapping."""
        form = {key: str(value) for key, value in (await request.form()).items()}
        world, stubs, act = self._context.world(request), self._context.backend.stubs, form.get("act")
        if act == "switch":
            try:
                set_state(form.get("scenario", ""), form.get("state", ""), self._responders, stubs, world)
            except ScriptError as error:
                return self._show(request, str(error))
        elif act == "reset":
            reset_scenarios(world)
        elif act == "remove":
            stubs.remove(form.get("mapping", ""))
        return self._context.back(f"{ROOT}/scenarios")
