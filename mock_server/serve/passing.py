"""An exchange that a real server answers, with the delays and faults that answers here meet."""

from collections.abc import Callable
from typing import Any, NamedTuple

from mock_server.exchange.message import Request
from mock_server.serve.answer import Answer
from mock_server.serve.backend import Backend, Call, Disturbance, Disturber, Message, Mount, Relay, Relayed, Respond, Scope
from mock_server.serve.world import World

Write = Callable[[Answer, Scope], tuple[Message, Message]]


class Passed(NamedTuple):
    """What there is to keep of an exchange."""

    request: Request
    kept: Answer
    disturbance: Disturbance | None


async def pass_on(backend: Backend, mount: Mount, world: World, call: Call, respond: Respond, write: Write) -> Passed:
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
        return Passed(relayed.request, relayed.kept, disturbance)
    start, body = write(relayed.answer, scope)
    if disturber is not None and disturbance is not None:
        await disturber.deliver(disturbance, scope, call.send, start, body)
    else:
        await call.send(start)
        await call.send(body)
    return Passed(relayed.request, relayed.kept, disturbance)


async def _disturbed(
    disturber: Disturber[Any], disturbance: Disturbance, relay: Relay, mount: Mount, call: Call, head: Request, respond: Respond
) -> Relayed:
    """Ask the real server for what the client asks; for anything else that the disturber wants to know, the mock."""
    found: list[Relayed] = []

    async def real(request: Request) -> Answer:
        if request is not head:
            return await respond(request)
        found.append(await relay.exchange(mount, call, respond, whole=True))
        return found[-1].answer

    answer = await disturber.answer(disturbance, head, real)
    if found and found[-1].is_sent:
        return found[-1]  # a stream can't be disturbed
    return Relayed(found[-1].request if found else head, answer, is_sent=False, kept=answer)
