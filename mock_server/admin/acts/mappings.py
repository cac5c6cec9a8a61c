"""Find and remove stub mappings, and set the states of scenarios."""

from mock_server.admin.json import AdminRefusal, malformed, missing
from mock_server.errors import ScriptError
from mock_server.json_values import format_pointer
from mock_server.respond.mappings import Mappings, possible_states, reset_scenarios, set_state
from mock_server.respond.match.mapping import Mapping
from mock_server.respond.responder import Responder
from mock_server.respond.worlds import World
from mock_server.server.backend import Backend


def refuse_script(error: ScriptError) -> AdminRefusal:
    """Return the refusal of a request pattern, a mapping or a state."""
    return malformed(error.reason, format_pointer(error.pointer))


def find_mapping(stubs: Mappings, id_: str) -> Mapping:
    """
    Return a mapping by its id.

    Raises:
        AdminRefusal: it does not exist.
    """
    mapping = stubs.find(id_)
    if mapping is None:
        raise missing(f"there is no mapping {id_!r}")
    return mapping


def remove_mapping(stubs: Mappings, id_: str) -> None:
    """
    Remove a mapping.

    Raises:
        AdminRefusal: it does not exist.
    """
    stubs.remove(find_mapping(stubs, id_).id)


def set_scenario(backend: Backend, name: str, state: str | None, world: World) -> None:
    """
    Set the state of a scenario in a world; None resets it.

    Raises:
        AdminRefusal: there is no such scenario, or it has no such state.
    """
    responders = responders_of(backend)
    if name not in possible_states(responders, backend.stubs):
        raise missing(f"there is no scenario {name!r}")
    if state is None:
        reset_scenarios(world, name)
        return
    try:
        set_state(name, state, responders, backend.stubs, world)
    except ScriptError as error:
        raise refuse_script(error) from error


def responders_of(backend: Backend) -> tuple[Responder, ...]:
    """Return the responders of the documents that are served now."""
    return tuple(mount.responder for mount in backend.mounts)
