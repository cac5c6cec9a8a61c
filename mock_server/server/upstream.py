"""An exchange that a real server answers, with the delays and faults that answers here meet."""

from collections.abc import Callable
from typing import Any, NamedTuple

from mock_server.exchange.message import Request
from mock_server.respond.answer import Answer
from mock_server.respond.worlds import World
from mock_server.server.backend import (
    AsgiCall,
    Backend,
    Disturbance,
    FaultInjector,
    Forwarder,
    Message,
    Mount,
    Respond,
    Scope,
    UpstreamAnswer,
)

Write = Callable[[Answer, Scope], tuple[Message, Message]]


class FinishedExchange(NamedTuple):
    """The exchange, as it is kept."""

    request: Request
    kept: Answer
    disturbance: Disturbance | None


async def pass_on(
    backend: Backend, mount: Mount, world: World, call: AsgiCall, respond: Respond, write: Write
) -> FinishedExchange:
    """
    Let the real server answer.

    Args:
        backend: With its relay.
        mount: The document.
        world: Of who asks.
        call: The request.
        respond: Asks the mock.
        write: Gives the messages of an answer.
    """
    relay, disturber, scope = backend.relay, backend.disturber, call.scope
    if relay is None:
        raise RuntimeError("nobody passes requests on")
    path: bytes = (scope.get("raw_path") or scope["path"].encode()).partition(b"?")[0]
    head = Request(scope["method"], path, scope["query_string"], scope["headers"], b"")
    disturbance = disturber.plan(head, mount.responder, world) if disturber is not None else None
    if disturber is not None and disturbance is not None:
        relayed = await _disturbed(disturber, disturbance, relay, mount, call, head, respond)
    else:
        relayed = await relay.exchange(mount, call, respond)
        answer = relayed.answer
        if disturber is not None and not relayed.is_sent and (answer.delay is not None or answer.fault is not None):
            disturbance, answer = disturber.bring(answer, relayed.request, world)
            relayed = relayed._replace(answer=answer, kept=answer)
    if relayed.is_sent:
        return FinishedExchange(relayed.request, relayed.kept, disturbance)
    start, body = write(relayed.answer, scope)
    if disturber is not None and disturbance is not None:
        await disturber.deliver(disturbance, scope, call.send, start, body)
    else:
        await call.send(start)
        await call.send(body)
    return FinishedExchange(relayed.request, relayed.kept, disturbance)


async def _disturbed(
    disturber: FaultInjector[Any],
    disturbance: Disturbance,
    relay: Forwarder,
    mount: Mount,
    call: AsgiCall,
    head: Request,
    respond: Respond,
) -> UpstreamAnswer:
    """Ask the real server for the request of the client, and the mock for any other."""
    found: list[UpstreamAnswer] = []

    async def real(request: Request) -> Answer:
        if request is not head:
            return await respond(request)
        found.append(await relay.exchange(mount, call, respond, whole=True))
        return found[-1].answer

    answer = await disturber.answer(disturbance, head, real)
    if found and found[-1].is_sent:
        return found[-1]  # a stream can't be disturbed
    return UpstreamAnswer(found[-1].request if found else head, answer, is_sent=False, kept=answer)
