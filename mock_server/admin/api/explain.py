"""Explanations of answers: to a request of the journal, or to one that was never sent."""

import time

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from mock_server.admin.acts.journal import find_exchange
from mock_server.admin.api.verify import read_message
from mock_server.admin.exchange import AdminContext, render_findings
from mock_server.admin.json import missing, one_world, read_object, reply, shown_name, some_worlds
from mock_server.document.model import Missing
from mock_server.exchange.message import Request as Message
from mock_server.exchange.message import find_field
from mock_server.exchange.router import Matched, Unmatched
from mock_server.exchange.secrets.known import MASKED
from mock_server.exchange.secrets.mask import MaskedExchange
from mock_server.exchange.security import credential_names
from mock_server.json_values import JsonObject, JsonValue
from mock_server.respond.journal import Recorded
from mock_server.respond.match.near_misses import near_routes
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
        explanation = await self._explain(recorded.request, world)
        masked = self._context.masker.conceal(recorded).mask.value(explanation)
        then: JsonObject = {
            "id": recorded.id,
            "status": recorded.answer.status,
            "source": recorded.answer.source,
            "disturbance": recorded.disturbance,
        }
        return reply({**(masked if isinstance(masked, dict) else {}), "was": then})

    async def given(self, request: Request) -> Response:
        """Explain how a given request would be answered, without sending it; its shape is the journal's."""
        if "request" in request.query_params:
            return await self.recorded(request)
        message = read_message(await read_object(request, self._context.limit))
        worlds = self._context.backend.worlds
        name = named_world(message.fields)
        if name is None or "world" in request.query_params:
            world = one_world(request, worlds)
        else:
            world = worlds.get(name)
        return reply(await self._explain(message, world))

    def _find(self, request: Request) -> Recorded:
        id_ = request.query_params.get("request", "")
        worlds = self._context.backend.worlds
        found = find_exchange(some_worlds(request, worlds) if "world" in request.query_params else worlds, id_)
        if found is None:
            raise missing(f"no journal has a request {id_!r}; name one with ?request=ID, or POST one")
        return found

    async def _explain(self, message: Message, world: World) -> JsonObject:
        responder, explained = await self._context.explain(message, world)
        recorded = Recorded(0, time.time(), 0.0, message, explained.answer, world.name)
        concealed = self._context.masker.conceal(recorded)
        masked = concealed.mask.value(_render(responder, explained, concealed, world))
        return masked if isinstance(masked, dict) else {}


def _render(responder: Responder, explained: Explained, concealed: MaskedExchange, world: World) -> JsonObject:
    request, answer, decided = concealed.request, explained.answer, explained.decided
    is_certain = explained.is_certain
    return {
        "request": {"method": request.method, "url": request.target, "world": shown_name(world.name)},
        "document": responder.document.title,
        "status": answer.status if is_certain else None,
        "source": decided.source if decided is not None else answer.source,
        "because": decided.reason if decided is not None else "",
        "certain": is_certain,
        "otherwise": None if is_certain else {"status": answer.status, "source": answer.source},
        "mediaType": find_field(answer.fields, b"content-type") if is_certain else None,
        "route": _route(responder, explained, request),
        **_decoded(responder, explained, concealed),
        "preferences": [
            {"name": each.name, "value": each.value, "applied": each.applied, "why": each.reason}
            for each in explained.preferences
        ],
        "steps": [{"who": step.source, "answers": step.answers, "why": step.reason} for step in explained.steps],
        "seed": explained.ask.seed_text if explained.ask is not None else None,
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


def _decoded(responder: Responder, explained: Explained, concealed: MaskedExchange) -> JsonObject:
    """Render the request as it was decoded, the values of credentials masked."""
    matched, ask = explained.matched, explained.ask
    if ask is None or not isinstance(matched, Matched):
        findings = render_findings(explained.answer.findings, concealed)
        return {"parameters": [], "body": None, "findings": findings, "security": None}
    decoded = ask.understood
    operation = responder.document.operation(matched.route.target)
    secret = credential_names(operation.security, responder.document.schemes)
    shown = {**decoded.parameters, **dict.fromkeys(secret & decoded.parameters.keys(), MASKED)}
    parameters: list[JsonValue] = [
        {"in": location.value, "name": name, "value": value} for (location, name), value in shown.items()
    ]
    security: JsonObject = {
        "asked": responder.kit.settings.security,
        "alternatives": [[name for name, _ in requirement] for requirement in operation.security],
        "unmet": list(decoded.unmet),
    }
    return {
        "parameters": parameters,
        "body": None if isinstance(decoded.body, Missing) else decoded.body,
        "findings": render_findings(decoded.findings, concealed),
        "security": security,
    }
