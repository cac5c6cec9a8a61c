"""Set delays and faults, and reset them with worlds and mappings."""

from typing import Final

from mock_server.admin.acts.worlds import reset_worlds
from mock_server.admin.json import ALL, malformed, missing
from mock_server.errors import UsageError
from mock_server.faults import CALM, FaultSettings, OperationFaults, parse_disturbances
from mock_server.json_values import JsonObject
from mock_server.respond.worlds import EVERYBODY
from mock_server.server.backend import Backend
from mock_server.server.faults.deliver import SeededFaultInjector

_DELAYS: Final = ("fixedDelay", "delayDistribution")  # as WireMock has them
_KNOWN: Final = ("delay", "faults", "operations", *_DELAYS)


def find_fault_injector(backend: Backend) -> SeededFaultInjector:
    """
    Return the injector of delays and faults.

    Raises:
        AdminRefusal: the server has none.
    """
    injector = backend.disturber
    if not isinstance(injector, SeededFaultInjector):
        raise missing("nothing disturbs the answers of this server, so nothing can be set about it")
    return injector


def replace_faults(backend: Backend, given: JsonObject) -> None:
    """
    Replace delays and faults; what is not given is switched off.

    Raises:
        AdminRefusal: a name is unknown, a value is none that it can have, or nothing can be set.
    """
    find_fault_injector(backend).disturbances = _read(given)


def change_faults(backend: Backend, given: JsonObject) -> None:
    """
    Change delays and faults; what is not given stays, null removes it.

    Raises:
        AdminRefusal: see `replace_faults`.
    """
    injector = find_fault_injector(backend)
    merged = injector.disturbances.json()
    if given.keys() & {"delay", *_DELAYS}:
        merged.pop("delay", None)
    merged.update(given)
    injector.disturbances = _read(merged)


def set_operation_faults(backend: Backend, operation: str, faults: OperationFaults | None) -> None:
    """
    Set the delay and the faults of one operation.

    Args:
        backend: The server's.
        operation: Its id; an empty text for all operations.
        faults: None removes those of the operation, so that those of all operations apply to it.

    Raises:
        AdminRefusal: nothing can be set.
    """
    injector = find_fault_injector(backend)
    current = injector.disturbances
    if not operation and faults is not None:
        injector.disturbances = FaultSettings(all=faults, operations=current.operations)
        return
    operations = {name: value for name, value in current.operations.items() if name != operation}
    if faults is not None:
        operations[operation] = faults
    injector.disturbances = FaultSettings(all=current.all, operations=operations)


def reset_faults(backend: Backend) -> None:
    """
    Restore the delays and faults that the server was started with.

    Raises:
        AdminRefusal: nothing can be set.
    """
    find_fault_injector(backend).disturbances = backend.settings.disturbances


async def reset_server(backend: Backend, name: str) -> None:
    """
    Reset a world; with the shared one, or all for `*`, the faults and the mappings that are not persistent as well.

    Raises:
        AdminRefusal: no faults can be set.
        MalformedWorld: this can't be the name of a world.
    """
    await reset_worlds(backend.worlds, name)
    if name in {ALL, EVERYBODY}:
        backend.stubs.forget()
        reset_faults(backend)


def _read(given: JsonObject) -> FaultSettings:
    """
    Read delays and faults.

    Raises:
        AdminRefusal: a name is unknown, or a value is none that it can have.
    """
    unknown = next((name for name in given if name not in _KNOWN), None)
    if unknown is not None:
        raise malformed(
            f"there is no setting {unknown!r} that can be changed now; there are {', '.join(_KNOWN)}", f"/{unknown}"
        )
    delays = [name for name in ("delay", *_DELAYS) if given.get(name) is not None]
    if len(delays) > 1:
        raise malformed(f"there is one delay, not {len(delays)}: {', '.join(delays)}", f"/{delays[1]}")
    written: JsonObject = {name: given[name] for name in ("faults", "operations") if given.get(name) is not None}
    if delays:
        written["delay"] = given[delays[0]]
    if not written:
        return CALM
    try:
        return parse_disturbances(written)
    except UsageError as error:
        raise malformed(str(error)) from error
