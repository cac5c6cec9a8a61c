"""Find, make, copy, reset and delete worlds."""

from functools import partial

from mock_server.admin.json import ALL, AdminRefusal, missing
from mock_server.document.model import MISSING, Missing
from mock_server.exchange import problem
from mock_server.respond.blocking import run_blocking
from mock_server.respond.worlds import World, Worlds


def find_world(worlds: Worlds, name: str) -> World:
    """
    Return a world that exists.

    Raises:
        AdminRefusal: it does not.
    """
    world = worlds.known(name)
    if world is None:
        raise missing(f"there is no world {name!r}; PUT makes one, and so does the first request that names it")
    return world


def make_world(worlds: Worlds, name: str, seed: str | Missing | None = MISSING) -> tuple[World, bool]:
    """
    Make a world, or change the seed of one.

    Args:
        worlds: Of the server.
        name: Of the world.
        seed: None for the server's; MISSING changes nothing.

    Returns:
        The world, and whether it is new.

    Raises:
        MalformedWorld: this can't be a name.
    """
    is_new = worlds.known(name) is None
    world = worlds.get(name)
    if not isinstance(seed, Missing):
        world.seed = seed
    return world, is_new


def set_clock(worlds: Worlds, world: World, now: str | Missing | None, frozen: bool | None) -> None:  # noqa: FBT001
    """
    Set the clock of a world, move it, or let it stand.

    Args:
        worlds: Of the server.
        world: Whose clock it is.
        now: A time, `real` or `+2d`; None for the server's clock; MISSING changes nothing.
        frozen: Whether it stands still; None changes nothing.

    Raises:
        UsageError: that is no time.
    """
    clock = world.clock
    if now is None:
        clock = worlds.time_of_day
    elif not isinstance(now, Missing):
        clock = clock.move("now", now)
    if frozen is not None:
        clock = clock.freeze(stands=frozen)
    world.clock = clock


async def fork_world(worlds: Worlds, source: str, target: str, *, replace: bool) -> World:
    """
    Copy a world to another one.

    Raises:
        AdminRefusal: there is nothing to copy, or a world of the other name and `replace` is false.
        MalformedWorld: this can't be a name.
    """
    find_world(worlds, source)
    if not replace and worlds.known(target) is not None:
        raise AdminRefusal(problem.CONFLICT, f"there is a world {target!r} already; drop it first")
    return await run_blocking(partial(worlds.fork, source, target))


async def reset_worlds(worlds: Worlds, name: str) -> None:
    """
    Reset a world, or all of them for `*`.

    Raises:
        MalformedWorld: this can't be a name.
    """
    for each in [world.name for world in worlds] if name == ALL else [name]:
        await run_blocking(partial(worlds.reset, each))


async def drop_world(worlds: Worlds, name: str) -> None:
    """
    Delete a world; the shared one is reset.

    Raises:
        AdminRefusal: it does not exist.
    """
    find_world(worlds, name)
    await run_blocking(partial(worlds.drop, name))
