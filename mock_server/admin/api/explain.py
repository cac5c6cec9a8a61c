"""Why a request is answered as it is: one of the journal, or one that was never sent."""

import time

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from mock_server.admin.acts.journal import find_exchange
from mock_server.admin.api.verify import read_message
from mock_server.admin.exchange import AdminContext, render_findings
from mock_server.admin.json import missing, one_world, read_object, reply, shown_name, some_worlds
from mock_server.document.model import Missing, Operation
from mock_server.exchange.message import Request as Message
from mock_server.exchange.message import find_field
from mock_server.exchange.router import Matched, Unmatched
from mock_server.exchange.secrets.mask import MASKED, MaskedExchange
from mock_server.exchange.security import credential_names
from mock_server.json_values import JsonObject, JsonValue
from mock_server.respond.journal import Recorded
from mock_server.respond.match.near_misses import near_routes
from mock_server.respond.representation import RequestContext
from mock_server.respond.responder import Responder
from mock_server.respond.trace import Explained
from mock_server.respond.worlds import World, named_world


def explain_routes(context: AdminContext) -> list[Route]:
    """Return the routes of explanations."""
    views = _ExplainViews(context)
    return [
        Route("/__admin/explain", views.recorded, methods=["GET"]),
        Route("/__admin/explain", views.given, methods=["POST"]),
    ]


class _ExplainViews:
    def __init__(self, context: AdminContext) -> None:
        self._context = context

    async def recorded(self, request: Request) -> Response:
        """Explain how a recorded request, ?request=ID, would be answered now, and show what it was answered then."""
        recorded = self._find(request)
        world = self._context.backend.worlds.get(recorded.world)
        known = self._context.masker.conceal(recorded).mask.value(await self._explain(recorded.request, world))
        told: JsonObject = known if isinstance(known, dict) else {}
        met = recorded.disturbance
        told["was"] = {
            "id": recorded.id,
            "status": recorded.answer.status,
            "source": recorded.answer.source,
            "disturbance": met,
        }
        return reply(told)

    async def given(self, request: Request) -> Response:
        """Explain how a given request would be answered, without sending it; its shape is the journal's."""
        if "request" in request.query_params:
            return await self.recorded(request)
        message = read_message(await read_object(request, self._context.limit))
        name = named_world(message.fields) if "world" not in request.query_params else None
        worlds = self._context.backend.worlds
        return reply(await self._explain(message, worlds.get(name) if name is not None else one_world(request, worlds)))

    def _find(self, request: Request) -> Recorded:
        id_ = request.query_params.get("request", "")
        worlds = self._context.backend.worlds
        asked = some_worlds(request, worlds) if "world" in request.query_params else list(worlds)
        found = find_exchange(asked, id_)
        if found is None:
            raise missing(f"no journal has a request {id_!r}; name one with ?request=ID, or POST one")
        return found

    async def _explain(self, message: Message, world: World) -> JsonObject:
        responder, explained = await self._context.explain(message, world)
        recorded = Recorded(0, time.time(), 0.0, message, explained.answer, world.name)
        concealed = self._context.masker.conceal(recorded)
        told = concealed.mask.value(_tell(responder, explained, concealed, world))
        if isinstance(told, dict):
            return told
        return {}


def _tell(responder: Responder, explained: Explained, concealed: MaskedExchange, world: World) -> JsonObject:
    request, answer, ask = concealed.request, explained.answer, explained.ask
    decided = explained.decided
    certain = explained.is_certain
    return {
        "request": {"method": request.method, "url": request.target, "world": shown_name(world.name)},
        "document": responder.document.title,
        "status": answer.status if certain else None,
        "source": decided.source if decided is not None else answer.source,
        "because": decided.reason if decided is not None else "",
        "certain": certain,
        "otherwise": None if certain else {"status": answer.status, "source": answer.source},
        "mediaType": find_field(answer.fields, b"content-type") if certain else None,
        "route": _route(responder, explained, concealed.request),
        "parameters": _parameters(responder, explained) if ask is not None else [],
        "body": _body(ask) if ask is not None else None,
        "findings": render_findings(ask.understood.findings if ask is not None else answer.findings, concealed),
        "security": _security(responder, explained, ask) if ask is not None else None,
        "preferences": [
            {"name": w.name, "value": w.value, "applied": w.applied, "why": w.reason} for w in explained.preferences
        ],
        "steps": [{"who": step.source, "answers": step.answers, "why": step.reason} for step in explained.steps],
        "seed": ask.seed_text if ask is not None else None,
    }


def _route(responder: Responder, explained: Explained, request: Message) -> JsonObject:
    matched = explained.matched
    if isinstance(matched, Unmatched):
        near = near_routes(responder.routes(), request.method, request.path.decode("latin-1"))
        return {
            "operation": None,
            "allowed": list(matched.allowed),
            "nearest": [
                {"operation": each.route.entry.id, "template": each.route.template, "distance": round(each.distance, 4)}
                for each in near
            ],
        }
    entry = matched.route.target
    variables: JsonObject = dict(matched.variables)
    return {
        "operation": entry.id,
        "title": entry.title,
        "place": str(entry.node.place),
        "variables": variables,
        "alternatives": [other.route.target.id for other in matched.others],
    }


def _operation(responder: Responder, explained: Explained) -> Operation | None:
    matched = explained.matched
    if isinstance(matched, Matched):
        return responder.document.operation(matched.route.target)
    return None


def _parameters(responder: Responder, explained: Explained) -> list[JsonValue]:
    """Return the parameters as they were read; of credentials, that they are there."""
    operation = _operation(responder, explained)
    if operation is None or explained.ask is None:
        return []
    secret = credential_names(operation.security, responder.document.schemes)
    return [
        {"in": location.value, "name": name, "value": MASKED if (location, name) in secret else value}
        for (location, name), value in explained.ask.understood.parameters.items()
    ]


def _body(ask: RequestContext) -> JsonValue:
    if isinstance(ask.understood.body, Missing):
        return None
    return ask.understood.body


def _security(responder: Responder, explained: Explained, ask: RequestContext) -> JsonObject:
    operation = _operation(responder, explained)
    alternatives: list[JsonValue] = (
        [[name for name, _ in requirement] for requirement in operation.security] if operation else []
    )
    is_asked = responder.kit.settings.security
    return {"asked": is_asked, "alternatives": alternatives, "unmet": list(ask.understood.unmet)}
