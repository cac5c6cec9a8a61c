"""
The OpenAPI document of the admin API, made of its routes: paths, methods and sentences are theirs.

`OPERATIONS` has what routes do not say. A test compares both, so that neither has what the other lacks.
"""

import re
from collections.abc import Callable, Iterable
from typing import Any, Final, NamedTuple

from starlette.routing import Route

from mock_server.exchange.problem import MEDIA_TYPE
from mock_server.version import __version__

_VARIABLE: Final = re.compile(r"\{(\w+)(?::path)?\}")
_WORLD: Final = r"[A-Za-z0-9_~-][A-Za-z0-9._~-]{0,63}"
_MOST: Final = 999_999_999


class AdminOperation(NamedTuple):
    """The parts of a described operation that its route does not hold."""

    id: str
    tag: str
    answer: str = "Nothing"  # the schema of a success
    query: tuple[str, ...] = ()  # parameters
    body: str | None = None  # the schema of the request
    statuses: tuple[int, ...] = (200,)
    media_type: str = "application/json"


def _object(properties: dict[str, Any], required: Iterable[str] | None = None, **more: object) -> dict[str, Any]:
    """Describe an object; all properties are there, unless it is said which ones."""
    names = list(properties) if required is None else list(required)
    return {"type": "object", "properties": properties, **({"required": names} if names else {}), **more}


def _list(of: str, name: str, *more: str) -> dict[str, Any]:
    """Describe a list under a name, with its total or what else is there."""
    listed = {name: {"type": "array", "items": _ref(of)}}
    meta = {"meta": _object({"total": _COUNT})} if "meta" in more else {}
    disabled = {"requestJournalDisabled": _FLAG} if "disabled" in more else {}
    return _object({**listed, **meta, **disabled})


def _ref(schema: str) -> dict[str, Any]:
    return {"$ref": f"#/components/schemas/{schema}"}


_TEXT: Final = {"type": "string"}
_MAYBE: Final = {"type": ["string", "null"]}
_COUNT: Final = {"type": "integer", "minimum": 0}
_FLAG: Final = {"type": "boolean"}
_ANY_OBJECT: Final = {"type": "object"}
_TEXTS: Final = {"type": "array", "items": _TEXT}
_TABLE: Final = {"type": "object", "additionalProperties": {"type": ["string", "array"], "items": _TEXT}}
_COUNTS: Final = {"type": "object", "additionalProperties": _COUNT}
_SHARE: Final = _object({"used": _COUNT, "there": _COUNT})
_SHARES: Final = ("operations", "statuses", "mediaTypes", "parameters", "values", "bodies")

# a moment, a step from the present one, or the real time
_NOW: Final = {
    "type": ["string", "null"],
    "anyOf": [{"enum": ["real", None]}, {"pattern": "^[+][0-9]{1,3}[smhd]$"}, {"format": "date-time"}],
}
_NAME: Final = {"type": "string", "minLength": 1}
_WORLD_NAME: Final = {"type": "string", "pattern": f"^(@everybody|{_WORLD})$"}
_SNAPSHOT: Final = ("seed", "turns", "scenarios", "kept")

SCHEMAS: Final[dict[str, dict[str, Any]]] = {
    "Nothing": _object({}, additionalProperties=False),
    "Object": _ANY_OBJECT,
    "Problem": _object(
        {"type": _TEXT, "title": _TEXT, "status": {"type": "integer"}, "detail": _TEXT}, ("type", "title", "status")
    ),
    "Endpoints": _object(
        {
            "version": _TEXT,
            "endpoints": {"type": "array", "items": _object({"method": _TEXT, "path": _TEXT, "what": _TEXT})},
        }
    ),
    "Finding": _object(
        {
            "rule": _TEXT,
            "level": {"enum": ["error", "warning", "note"]},
            "message": _TEXT,
            "instance": _TEXT,
            "place": _MAYBE,
        }
    ),
    "LoggedRequest": _object(
        {
            "id": _TEXT,
            "url": _TEXT,
            "absoluteUrl": _TEXT,
            "method": _TEXT,
            "headers": _TABLE,
            "cookies": _ANY_OBJECT,
            "queryParams": _ANY_OBJECT,
            "body": _TEXT,
            "bodyAsBase64": _TEXT,
            "loggedDate": {"type": "integer"},
            "loggedDateString": _TEXT,
        }
    ),
    "LoggedResponse": _object({"status": {"type": "integer"}, "headers": _TABLE, "body": _TEXT, "bodyAsBase64": _TEXT}),
    "Exchange": _object(
        {
            "id": _TEXT,
            "request": _ref("LoggedRequest"),
            "response": _ref("LoggedResponse"),
            "responseDefinition": _ANY_OBJECT,
            "wasMatched": _FLAG,
            "timing": _ANY_OBJECT,
            "operation": _MAYBE,
            "source": _TEXT,
            "findings": {"type": "array", "items": _ref("Finding")},
            "world": _MAYBE,
            "milliseconds": {"type": "number"},
            "disturbance": _MAYBE,
        }
    ),
    "Exchanges": _list("Exchange", "requests", "meta", "disabled"),
    "LoggedRequests": _list("LoggedRequest", "requests", "disabled"),
    "RemovedExchanges": _list("Exchange", "requests", "disabled"),
    "Count": _object({"count": _COUNT, "requestJournalDisabled": _FLAG}),
    "NearMisses": _list("Object", "nearMisses"),
    "RequestPattern": _object(
        {"method": {"type": "string", "pattern": r"^[!#$%&'*+.^_`|~0-9A-Za-z-]*$"}, "urlPath": _TEXT},
        (),
        examples=[{"method": "GET", "urlPath": "/pets"}],
    ),
    "GivenRequest": _object(
        {"method": _TEXT, "url": {"type": "string", "minLength": 1}},
        ("url",),
        examples=[{"method": "GET", "url": "/pets"}],
    ),
    "Explanation": _object(
        {
            "request": _ANY_OBJECT,
            "document": _TEXT,
            "status": {"type": ["integer", "null"]},
            "source": _TEXT,
            "because": _TEXT,
            "certain": _FLAG,
            "otherwise": {"type": ["object", "null"]},
            "body": {},
            "mediaType": _MAYBE,
            "route": _ANY_OBJECT,
            "parameters": {"type": "array", "items": _ANY_OBJECT},
            "findings": {"type": "array", "items": _ref("Finding")},
            "security": {"type": ["object", "null"]},
            "preferences": {"type": "array", "items": _ANY_OBJECT},
            "steps": {
                "type": "array",
                "items": _object({"who": _TEXT, "answers": {"type": ["boolean", "null"]}, "why": _TEXT}),
            },
            "seed": _MAYBE,
        }
    ),
    "ExplainedExchange": {"allOf": [_ref("Explanation"), _object({"was": _ANY_OBJECT})]},
    "World": _object(
        {
            "name": _MAYBE,
            "path": _TEXT,
            "seed": _MAYBE,
            "now": {"type": ["string", "null"], "format": "date-time"},
            "frozen": _FLAG,
            "requests": _COUNT,
            "scenarios": _ANY_OBJECT,
            "turns": _ANY_OBJECT,
        }
    ),
    "Worlds": _list("World", "worlds", "meta"),
    "NewWorld": _object(
        {
            "seed": {"type": ["string", "integer", "null"]},
            "name": {},
            "now": _NOW,
            "frozen": {"type": ["boolean", "null"]},
        },
        (),
        additionalProperties=False,
    ),
    "Fork": _object({"to": {"type": "string", "pattern": f"^{_WORLD}$"}}, ("to",)),
    "Snapshot": _object(
        {"seed": _MAYBE, "turns": _ANY_OBJECT, "scenarios": _ANY_OBJECT, "kept": _ANY_OBJECT},
        _SNAPSHOT,
    ),
    "RestoredSnapshot": {"type": "object", "anyOf": [{"required": [name]} for name in _SNAPSHOT]},
    "Faults": _object(
        {"delay": {"type": ["integer", "null"], "minimum": 0, "maximum": 600_000}},
        (),
        examples=[{"delay": 1}],
    ),
    "CurrentSettings": _object({"settings": _ANY_OBJECT, "started": _ANY_OBJECT}),
    "Coverage": _list("DocumentCoverage", "documents"),
    "DocumentCoverage": _object(
        {
            "document": _TEXT,
            "summary": _object(
                {"percent": {"type": "number", "minimum": 0, "maximum": 100}, **dict.fromkeys(_SHARES, _SHARE)}
            ),
            "operations": {
                "type": "array",
                "items": _object(
                    {"operation": _TEXT, "title": _TEXT, "requests": _COUNT, **dict.fromkeys(_SHARES[1:], _COUNTS)},
                    ("operation", "title", "requests"),
                ),
            },
        }
    ),
    "Text": _TEXT,
    "Resources": _object({"stateful": _FLAG, "resources": {"type": "array", "items": _ref("Resource")}}),
    "Resource": _object(
        {
            "name": _TEXT,
            "path": _TEXT,
            "template": _TEXT,
            "key": _MAYBE,
            "operations": {"type": "object", "additionalProperties": _TEXT},
            "collections": {"type": "array", "items": _object({"collection": _TEXT, "things": _COUNT})},
        }
    ),
    "Item": _object(
        {"key": _TEXT, "path": _TEXT, "collection": _TEXT, "version": _COUNT, "links": _ANY_OBJECT, "value": {}}
    ),
    "Items": _object(
        {
            "resource": _TEXT,
            "key": _MAYBE,
            "things": {"type": "array", "items": _ref("Item")},
            "meta": _object({"total": _COUNT}),
        }
    ),
    "Mapping": _object(
        {"id": _TEXT, "uuid": _TEXT, "request": _ANY_OBJECT, "response": _ANY_OBJECT, "metadata": _ANY_OBJECT},
        ("id", "uuid"),
        additionalProperties=True,
    ),
    "NewMapping": _object(
        {
            "request": _ref("RequestPattern"),
            "response": _object({"status": {"type": "integer", "minimum": 200, "maximum": 599}}, ()),
        },
        (),
        examples=[{"request": {"method": "GET", "urlPath": "/nowhere"}, "response": {"status": 204}}],
    ),
    "Mappings": _list("Mapping", "mappings", "meta"),
    "NewMappings": _object(
        {"mappings": {"type": "array", "items": _ref("NewMapping")}}, ("mappings",), examples=[{"mappings": []}]
    ),
    "Imported": _object({"imported": _COUNT}),
    "Scenarios": _list("Object", "scenarios"),
    "ScenarioState": _object({"state": _TEXT}, (), additionalProperties=False),
    "Delivery": _object({"url": _TEXT, "method": _TEXT, "world": _MAYBE}),
    "Deliveries": _list("Delivery", "callbacks", "meta"),
    "Webhooks": _object({"webhooks": _TEXTS}),
    "WebhookCall": _object(
        {"url": {"type": "string", "pattern": "^http://127\\.0\\.0\\.1/[a-z]*$"}, "body": {}}, ("url",)
    ),
    "Upstream": _object({"url": _TEXT, "mocked": _TEXTS, "fallbackOn": _TEXTS}),
    "ChangedUpstream": _object(
        {"operations": {"type": "object", "additionalProperties": _FLAG}, "fallbackOn": _TEXTS}, ()
    ),
}

_WORLDS: Final = ("worlds",)
QUERY: Final[dict[str, dict[str, Any]]] = {
    "world": {"name": "world", "schema": {"type": "string", "pattern": f"^({_WORLD})?$"}},
    "worlds": {"name": "world", "schema": {"type": "string", "pattern": f"^(\\*|{_WORLD})?$"}},
    "limit": {"name": "limit", "schema": {"type": "integer", "minimum": 1, "maximum": _MOST}},
    "count": {"name": "limit", "schema": {"type": "integer", "minimum": 0, "maximum": _MOST}},
    "offset": {"name": "offset", "schema": {"type": "integer", "minimum": 0, "maximum": _MOST}},
    "operation": {"name": "operation", "schema": _TEXT},
    "source": {"name": "source", "schema": _TEXT},
    "status": {"name": "status", "schema": _TEXT},
    "method": {"name": "method", "schema": _TEXT},
    "contains": {"name": "contains", "schema": _TEXT},
    "findings": {"name": "findings", "schema": _FLAG},
    "unmatched": {"name": "unmatched", "schema": _FLAG},
    "since": {"name": "since", "schema": {"type": "string", "format": "date-time"}},
    "request": {"name": "request", "required": True, "schema": _TEXT},
    "collection": {"name": "collection", "schema": _TEXT},
}
_SELECTION: Final = ("operation", "source", "status", "method", "contains", "findings", "unmatched", "since")

# By method and path of a route.
OPERATIONS: Final[dict[str, AdminOperation]] = {
    "GET /__admin": AdminOperation("listEndpoints", "server", "Endpoints"),
    "GET /__admin/openapi.json": AdminOperation("describe", "server", "Object"),
    "GET /__admin/requests": AdminOperation("listExchanges", "journal", "Exchanges", (*_WORLDS, "limit", *_SELECTION)),
    "DELETE /__admin/requests": AdminOperation("forgetExchanges", "journal", query=_WORLDS),
    "POST /__admin/requests/reset": AdminOperation("resetExchanges", "journal", query=_WORLDS),
    "GET /__admin/requests/unmatched": AdminOperation("listUnmatched", "journal", "LoggedRequests", _WORLDS),
    "GET /__admin/requests/{id}": AdminOperation("getExchange", "journal", "Exchange", _WORLDS),
    "DELETE /__admin/requests/{id}": AdminOperation("forgetExchange", "journal", query=_WORLDS),
    "POST /__admin/requests/count": AdminOperation("count", "verification", "Count", _WORLDS, "RequestPattern"),
    "POST /__admin/requests/find": AdminOperation("find", "verification", "LoggedRequests", _WORLDS, "RequestPattern"),
    "POST /__admin/requests/remove": AdminOperation(
        "removeMatching", "verification", "RemovedExchanges", _WORLDS, "RequestPattern"
    ),
    "GET /__admin/requests/unmatched/near-misses": AdminOperation(
        "explainUnmatched", "verification", "NearMisses", _WORLDS
    ),
    "POST /__admin/near-misses/request": AdminOperation(
        "findNearRequest", "verification", "NearMisses", ("world",), "GivenRequest"
    ),
    "POST /__admin/near-misses/request-pattern": AdminOperation(
        "findNearPattern", "verification", "NearMisses", _WORLDS, "RequestPattern"
    ),
    "GET /__admin/worlds": AdminOperation("listWorlds", "worlds", "Worlds"),
    "GET /__admin/worlds/{name}": AdminOperation("getWorld", "worlds", "World"),
    "PUT /__admin/worlds/{name}": AdminOperation("putWorld", "worlds", "World", body="NewWorld", statuses=(200, 201)),
    "DELETE /__admin/worlds/{name}": AdminOperation("deleteWorld", "worlds"),
    "POST /__admin/worlds/{name}/reset": AdminOperation("resetWorld", "worlds"),
    "POST /__admin/worlds/{name}/fork": AdminOperation("forkWorld", "worlds", "World", body="Fork", statuses=(201,)),
    "GET /__admin/worlds/{name}/snapshot": AdminOperation("getSnapshot", "worlds", "Snapshot"),
    "PUT /__admin/worlds/{name}/snapshot": AdminOperation("putSnapshot", "worlds", "World", body="RestoredSnapshot"),
    "GET /__admin/settings": AdminOperation("getSettings", "server", "CurrentSettings"),
    "PUT /__admin/settings": AdminOperation("putSettings", "server", "CurrentSettings", body="Faults"),
    "POST /__admin/settings": AdminOperation("postSettings", "server", "CurrentSettings", body="Faults"),
    "PATCH /__admin/settings": AdminOperation("patchSettings", "server", "CurrentSettings", body="Faults"),
    "POST /__admin/reset": AdminOperation("reset", "server", query=_WORLDS),
    "POST /__admin/shutdown": AdminOperation("shutDown", "server"),
    "GET /__admin/coverage": AdminOperation("getCoverage", "usage", "Coverage", _WORLDS),
    "DELETE /__admin/coverage": AdminOperation("resetCoverage", "usage", query=_WORLDS),
    "GET /__admin/metrics": AdminOperation("getMetrics", "usage", "Text", media_type="text/plain"),
    "GET /__admin/explain": AdminOperation("explainExchange", "explanations", "ExplainedExchange", ("request",)),
    "POST /__admin/explain": AdminOperation(
        "explainRequest", "explanations", "Explanation", ("world",), "GivenRequest"
    ),
    "GET /__admin/state": AdminOperation("listResources", "state", "Resources", ("world",)),
    "GET /__admin/state/{resource}": AdminOperation("listItems", "state", "Items", ("world", "collection")),
    "GET /__admin/state/{resource}/{id}": AdminOperation("getItem", "state", "Item", ("world", "collection")),
    "PUT /__admin/state/{resource}/{id}": AdminOperation(
        "putItem", "state", "Item", ("world", "collection"), "Object", (200, 201)
    ),
    "DELETE /__admin/state/{resource}/{id}": AdminOperation("deleteItem", "state", query=("world", "collection")),
    "GET /__admin/mappings": AdminOperation("listMappings", "mappings", "Mappings", (*_WORLDS, "count", "offset")),
    "POST /__admin/mappings": AdminOperation("addMapping", "mappings", "Mapping", _WORLDS, "NewMapping", (201,)),
    "DELETE /__admin/mappings": AdminOperation("deleteMappings", "mappings", query=_WORLDS),
    "POST /__admin/mappings/import": AdminOperation("importMappings", "mappings", "Imported", _WORLDS, "NewMappings"),
    "POST /__admin/mappings/reset": AdminOperation("resetMappings", "mappings", query=_WORLDS),
    "GET /__admin/mappings/{id}": AdminOperation("getMapping", "mappings", "Mapping"),
    "PUT /__admin/mappings/{id}": AdminOperation("putMapping", "mappings", "Mapping", _WORLDS, "NewMapping"),
    "DELETE /__admin/mappings/{id}": AdminOperation("deleteMapping", "mappings"),
    "GET /__admin/scenarios": AdminOperation("listScenarios", "mappings", "Scenarios", ("world",)),
    "POST /__admin/scenarios/reset": AdminOperation("resetScenarios", "mappings", query=_WORLDS),
    "PUT /__admin/scenarios/{name}/state": AdminOperation(
        "setScenario", "mappings", query=("world",), body="ScenarioState"
    ),
    "GET /__admin/callbacks": AdminOperation("listDeliveries", "callbacks", "Deliveries", _WORLDS),
    "DELETE /__admin/callbacks": AdminOperation("forgetDeliveries", "callbacks", query=_WORLDS),
    "POST /__admin/callbacks/{id}/resend": AdminOperation("resendDelivery", "callbacks", "Delivery", statuses=(202,)),
    "GET /__admin/webhooks": AdminOperation("listWebhooks", "callbacks", "Webhooks"),
    "POST /__admin/webhooks/{name}": AdminOperation(
        "sendWebhook", "callbacks", "Delivery", ("world",), "WebhookCall", (202,)
    ),
    "GET /__admin/upstream": AdminOperation("getUpstream", "upstream", "Upstream"),
    "PATCH /__admin/upstream": AdminOperation("patchUpstream", "upstream", "Upstream", body="ChangedUpstream"),
}


def make_description(routes: Iterable[Route], describe: Callable[[Route], str]) -> dict[str, Any]:
    """
    Make the document.

    Args:
        routes: Of the admin API.
        describe: Returns the sentence of a route.
    """
    paths: dict[str, dict[str, Any]] = {}
    for method, path, route in iter_operations(routes):
        row = OPERATIONS[f"{method} {path}"]
        paths.setdefault(path, {})[method.lower()] = _describe(row, path, describe(route))
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Admin API of mock-server",
            "version": __version__,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "security": [{"token": []}],
        "tags": [{"name": tag} for tag in dict.fromkeys(row.tag for row in OPERATIONS.values())],
        "paths": paths,
        "components": {
            "schemas": SCHEMAS,
            "securitySchemes": {
                "token": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "The token of --admin-token; on loopback, a server without one asks for none.",
                }
            },
        },
    }


def iter_operations(routes: Iterable[Route]) -> Iterable[tuple[str, str, Route]]:
    """Iterate over the operations of routes under /__admin: method, path template, route."""
    for route in routes:
        path = route.path.replace(":path", "")
        if path.startswith("/__admin") and path != "/__admin/":
            for method in sorted((route.methods or set()) - {"HEAD"}):
                yield method, path, route


def _describe(row: AdminOperation, path: str, sentence: str) -> dict[str, Any]:
    parameters = [
        {"name": name, "in": "path", "required": True, "schema": _WORLD_NAME if row.tag == "worlds" else _NAME}
        for name in _VARIABLE.findall(path)
    ]
    parameters += [{**QUERY[name], "in": "query"} for name in row.query]
    success = {"description": "Done.", "content": {row.media_type: {"schema": _ref(row.answer)}}}
    refused = {"description": "Refused.", "content": {MEDIA_TYPE: {"schema": _ref("Problem")}}}
    described: dict[str, Any] = {
        "operationId": row.id,
        "summary": sentence,
        "tags": [row.tag],
        **({"parameters": parameters} if parameters else {}),
        "responses": {**{str(status): success for status in row.statuses}, "4XX": refused},
    }
    if row.body is not None:
        # any media type is read as JSON: `curl -d` sends another one
        content = {media_type: {"schema": _ref(row.body)} for media_type in ("application/json", "*/*")}
        described["requestBody"] = {
            "required": not SCHEMAS[row.body].keys().isdisjoint(("required", "anyOf")),
            "content": content,
        }
    return described
