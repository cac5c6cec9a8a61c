"""
Decisions about a request before its document answers: a repeat, or one too many.

Nothing of it costs anything where neither is wanted: a request without an idempotency key is handed on at once.
"""

import hashlib
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Final

from mock_server.document.model import Operation, ParameterLocation
from mock_server.exchange import problem
from mock_server.exchange.message import Request, find_field
from mock_server.exchange.parameters import Carrier
from mock_server.exchange.router import Matched
from mock_server.exchange.security import credential_names
from mock_server.findings import Finding
from mock_server.respond.answer import Answer
from mock_server.respond.blocking import run_blocking
from mock_server.respond.error_answers import RequestRefusal
from mock_server.respond.guards.quotas import Quotas, QuotaUse
from mock_server.respond.guards.replays import CHANGING, IN_USE, ReplayKey, Replays, find_key, takes_keys
from mock_server.respond.responder import Responder
from mock_server.respond.worlds import World
from mock_server.server.backend import Backend, Mount, Scope

_KEY: Final = b"idempotency"  # is in the names of all fields that may have a key
_POLICY: Final = "default"  # the name of the quota of all operations

Respond = Callable[[Request], Awaitable[Answer]]


class RequestGuards:
    """Guards the requests of a server."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._quotas = Quotas()
        self._replays = Replays()
        backend.worlds.budget.holders["idempotent answers"] = self._replays
        first = {"idempotent answers": self._replays.drop_oldest}
        backend.worlds.budget.droppers = {**first, **backend.worlds.budget.droppers}

    async def answer(self, mount: Mount, world: World, scope: Scope, request: Request, respond: Respond) -> Answer:
        """
        Answer a request, unless it is one too many or was answered before.

        Args:
            mount: The document that it asks.
            world: Of the client.
            scope: ASGI's.
            request: Which is read.
            respond: Answers it.
        """
        has_key = request.method in CHANGING and any(_KEY in name for name, _ in request.fields)
        if not has_key and not self._backend.has_quotas:
            return await respond(request)
        responder = mount.responder
        matched = responder.find(request)
        if not isinstance(matched, Matched):
            return await respond(request)
        operation = responder.document.operation(matched.route.target)
        client = _client_of(responder, operation, request, scope)
        use = self._spend(operation, world, client) if self._backend.has_quotas else None
        if use is not None and use.is_exceeded:
            refusal = RequestRefusal((429,), problem.TOO_MANY_REQUESTS, use.finding())
            return use.mark(await run_blocking(partial(responder.refuse, matched, request, world, refusal)))
        if has_key:
            refuse = partial(responder.refuse, matched, request, world)
            answer = await self._once(operation, world, client, request, respond, refuse)
        else:
            answer = await respond(request)
        return use.mark(answer) if use is not None else answer

    def _spend(self, operation: Operation, world: World, client: str) -> QuotaUse | None:
        """Count a request against the quota of its operation, or of all; None where there is none."""
        settings = self._backend.settings
        own = settings.for_operation(operation.id, operation.entry.title)
        if own.rate_limit is not None:
            rate = own.rate_limit.rate
            return self._quotas.spend(world, operation.id, rate, client) if rate is not None else None
        if settings.rate_limit is None or settings.rate_limit.rate is None:
            return None
        return self._quotas.spend(world, _POLICY, settings.rate_limit.rate, client)

    async def _once(
        self,
        operation: Operation,
        world: World,
        client: str,
        request: Request,
        respond: Respond,
        refuse: Callable[[RequestRefusal], Answer],
    ) -> Answer:
        """Answer a request once for its idempotency key."""
        settings = self._backend.settings
        own = settings.for_operation(operation.id, operation.entry.title).idempotency
        value = find_key(request, operation)
        if value is None or not takes_keys(operation, settings.idempotency if own is None else own):
            return await respond(request)
        key = ReplayKey(world.name, request.method, request.path, client, value)
        known = self._replays.begin(key, request, world)
        if isinstance(known, Answer):
            return known
        if known is not None:
            kind, status = (problem.CONFLICT, 409) if known is IN_USE else (problem.UNPROCESSABLE, 422)
            finding = Finding(rule="request-key-reused", message=known, operation=operation.id)
            return await run_blocking(partial(refuse, RequestRefusal((status,), kind, finding)))
        answer = None
        try:
            answer = await respond(request)
        finally:
            self._replays.end(key, answer)
        return answer


def _client_of(responder: Responder, operation: Operation, request: Request, scope: Scope) -> str:
    """Name the client of a request: by a digest of its credentials, else by its address."""
    carrier = Carrier({}, request.query.decode("latin-1"), request.fields)
    given: list[str] = []
    for location, name in sorted(credential_names(operation.security, responder.document.schemes)):
        if location is ParameterLocation.HEADER:
            given.append(find_field(request.fields, name.lower().encode("latin-1", "replace")) or "")
        else:
            pairs = carrier.cookies() if location is ParameterLocation.COOKIE else carrier.pairs
            given += [value for key, value in pairs if key == name]
    if any(given):
        return hashlib.sha256("\0".join(given).encode("latin-1", "replace")).hexdigest()
    client = scope.get("client")
    return str(client[0]) if client else ""
