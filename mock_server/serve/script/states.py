"""The states of all scenarios, those of files and those that mappings name, as WireMock tells them."""

from collections.abc import Iterable

from mock_server.errors import ScriptError
from mock_server.serve.respond import Responder
from mock_server.serve.script.playing import Player
from mock_server.serve.script.stubs import Stubs
from mock_server.serve.world import STARTED, World
from mock_server.typing import JsonObject, JsonValue


def possible_states(responders: Iterable[Responder], stubs: Stubs) -> dict[str, tuple[str, ...]]:
    """The states of each scenario, the first one first."""
    found: dict[str, dict[str, None]] = {}
    players = (source for responder in responders for source in responder.sources if isinstance(source, Player))
    for scenario in (scenario for player in players for scenario in player.scenarios):
        found.setdefault(scenario.name, {}).update(dict.fromkeys(scenario.states))
    for mapping in stubs:
        if mapping.scenario is not None:
            states = found.setdefault(mapping.scenario, {STARTED: None})
            states.update((state, None) for state in (mapping.required, mapping.then) if state is not None)
    return {name: tuple(states) for name, states in found.items()}


def list_scenarios(responders: Iterable[Responder], stubs: Stubs, world: World) -> list[JsonValue]:
    """All scenarios, with the state that a world has in each."""
    return [_told(name, states, world) for name, states in possible_states(responders, stubs).items()]


def set_state(name: str, state: str, responders: Iterable[Responder], stubs: Stubs, world: World) -> None:
    """
    Give a scenario another state in a world.

    Raises:
        ScriptError: there is no such scenario, or it has no such state.
    """
    states = possible_states(responders, stubs).get(name)
    if states is None:
        raise ScriptError(f"there is no scenario {name!r}")
    if state not in states:
        raise ScriptError(f"the scenario {name!r} has no state {state!r}; it has {', '.join(states)}", ("state",))
    world.scenarios[name] = state


def reset_scenarios(world: World, name: str | None = None) -> None:
    """Let one scenario, or all of them, begin anew in a world; turns too."""
    if name is None:
        world.scenarios.clear()
    else:
        world.scenarios.pop(name, None)
    begun = ("scenario:", "told:scenario:") if name is None else (f"scenario:{name}:", f"told:scenario:{name}/")
    for key in [key for key in world.turns if key.startswith(begun)]:
        del world.turns[key]


def _told(name: str, states: tuple[str, ...], world: World) -> JsonObject:
    return {"id": name, "name": name, "state": world.scenarios.get(name, STARTED), "possibleStates": [*states]}
