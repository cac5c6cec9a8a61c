"""The page of scenarios and their states, and of the mappings that were made while the server runs."""

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from mock_server.admin.acts.mappings import remove_mapping, responders_of, set_scenario
from mock_server.admin.console.context import ROOT, ConsoleContext
from mock_server.errors import MockServerError
from mock_server.respond.mappings import possible_states, reset_scenarios
from mock_server.respond.scenarios import Player
from mock_server.respond.worlds import STARTED


@dataclass(frozen=True, slots=True)
class ScenarioRow:
    """A scenario with its state in a world."""

    name: str
    file: str  # "" if only mappings name it
    states: tuple[str, ...]
    state: str


class ScenarioPages:
    """The page of scenarios and mappings."""

    def __init__(self, context: ConsoleContext) -> None:
        self._context = context

    def routes(self) -> list[Route]:
        """Return the routes of the pages."""
        return [Route("/scenarios", self.listing), Route("/scenarios", self.change, methods=["POST"])]

    async def listing(self, request: Request) -> Response:
        """Show all scenarios with their states in the world of the browser, and the mappings."""
        return self._show(request)

    def _show(self, request: Request, problem: str = "") -> Response:
        world, stubs = self._context.world(request), self._context.backend.stubs
        responders = responders_of(self._context.backend)
        players = [source for each in responders for source in each.sources if isinstance(source, Player)]
        files = {scenario.name: scenario.place.file for player in players for scenario in player.scenarios}
        played = []
        for name, states in possible_states(responders, stubs).items():
            state = world.scenarios.get(name, STARTED)
            played.append(ScenarioRow(name, files.get(name, ""), tuple(dict.fromkeys((*states, state))), state))
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
        """Set the state of a scenario, reset all of them, or remove a mapping."""
        form = await self._context.read_form(request)
        backend, world = self._context.backend, self._context.world(request)
        try:
            match form.get("act"):
                case "switch":
                    set_scenario(backend, form.get("scenario", ""), form.get("state", ""), world)
                case "reset":
                    reset_scenarios(world)
                case "remove":
                    remove_mapping(backend.stubs, form.get("mapping", ""))
        except MockServerError as error:
            return self._show(request, str(error))
        return self._context.back(f"{ROOT}/scenarios")
