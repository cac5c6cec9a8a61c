"""
Waiting in the midst of a decision, without keeping other requests waiting.

Deciding on an answer is plain code on the thread of the event loop: nothing of it needs to be safe among threads. Only
waiting for a database is done in another thread. A decision runs as a greenlet, which hands over to the event loop
where it waits, and now and then where it takes long (`pausing`).
"""

import asyncio
import contextvars
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from mock_server.lazy import LazyModule
from mock_server.pausing import begin

if TYPE_CHECKING:
    import greenlet
else:
    greenlet = LazyModule("greenlet")

_T = TypeVar("_T")


async def run_blocking(decide: Callable[[], _T]) -> _T:
    """Come to a decision; where it waits, others have their turn."""
    turn = greenlet.greenlet(decide)
    turn.may_wait = True
    turn.gr_context = contextvars.copy_context()
    turn.gr_context.run(begin, give_way)
    given: Any = turn.switch()
    while not turn.dead:
        try:
            done = await given
        except BaseException as error:  # noqa: BLE001 - whatever it is, it belongs to who waits
            given = turn.throw(error)
        else:
            given = turn.switch(done)
    result: _T = given
    return result


def wait_for(work: Callable[[], _T]) -> _T:
    """Do what takes time: in a thread, where the decision can wait for it, else at once."""
    turn = greenlet.getcurrent()
    if not hasattr(turn, "may_wait") or turn.parent is None:
        return work()
    done: _T = turn.parent.switch(asyncio.to_thread(work))
    return done


def give_way(seconds: float = 0.0) -> bool:
    """
    Let others have their turn, in the midst of long work on the thread of the event loop.

    Args:
        seconds: How long, at least.

    Returns:
        Whether there was a turn to give: not where the decision may not wait.
    """
    turn = greenlet.getcurrent()
    if not hasattr(turn, "may_wait") or turn.parent is None:
        return False
    turn.parent.switch(asyncio.sleep(seconds))
    return True
