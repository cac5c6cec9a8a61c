"""Find and forget recorded exchanges."""

from collections.abc import Container, Iterable

from mock_server.respond.journal import Recorded
from mock_server.respond.worlds import World


def find_exchange(worlds: Iterable[World], id_: str) -> Recorded | None:
    """Find an exchange in the journals of worlds by its id."""
    found = (world.journal.find(id_) for world in worlds)
    return next((recorded for recorded in found if recorded is not None), None)


def forget_exchanges(worlds: Iterable[World], ids: Container[str]) -> None:
    """Forget the exchanges with these ids."""
    for world in worlds:
        world.journal.keep_only(frozenset(recorded.id for recorded in world.journal if recorded.id not in ids))


def clear_journals(worlds: Iterable[World]) -> None:
    """Forget all exchanges of worlds."""
    for world in worlds:
        world.journal.clear()
