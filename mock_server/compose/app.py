"""
The application: Connexion's `AsyncApp` with our middleware first.

Connexion stays the app: it is fed the routing document, runs the lifespan and catches exceptions.
"""

import functools
import logging
from typing import Any

import connexion
from connexion.lifecycle import ConnexionResponse
from connexion.middleware import ConnexionMiddleware
from connexion.options import SwaggerUIOptions
from connexion.resolver import Resolver

from mock_server.compose.backend import install_defaults, run_background_tasks
from mock_server.exchange.message import Request
from mock_server.respond.answer import Answer
from mock_server.respond.blocking import run_blocking
from mock_server.server.backend import Backend
from mock_server.server.handlers import routing_document
from mock_server.server.middleware import MockMiddleware

# Connexion says for each operation that it added it.
logging.getLogger("connexion").setLevel(logging.WARNING)


def create_app(backend: Backend, *, through: bool = False) -> connexion.AsyncApp:
    """
    Make the ASGI application.

    Args:
        backend: Who answers.
        through: Lead API requests through Connexion's whole stack; for tests that compare both ways.
    """
    install_defaults(backend)
    first = backend.mounts[0].responder.document
    ours = functools.partial(MockMiddleware, backend=backend, through=through)
    options = SwaggerUIOptions(serve_spec=False, swagger_ui=False)
    app = connexion.AsyncApp(
        __name__,
        middlewares=[ours, *ConnexionMiddleware.default_middlewares],
        swagger_ui_options=options,
        validate_responses=False,
        lifespan=lambda _: run_background_tasks(backend),
    )
    each = [(mount.responder, entry) for mount in backend.mounts for entry in mount.responder.document.entries]
    routes = [(base, entry) for responder, entry in each for base in responder.base_paths(entry)]
    specification = routing_document(first.title, first.api_version, routes)
    handler = functools.partial(_mocked, backend)
    functools.update_wrapper(handler, _mocked)
    app.add_api(specification, resolver=Resolver(lambda name: handler))
    return app


async def _mocked(backend: Backend, *args: Any, **kwargs: Any) -> ConnexionResponse:  # noqa: ANN401 - what Connexion injects
    """Answer a request that came through Connexion's stack."""
    body = await connexion.request.body()
    scope = connexion.request.scope
    path = (scope.get("raw_path") or scope["path"].encode()).partition(b"?")[0]
    request = Request(scope["method"], path, scope["query_string"], scope["headers"], body)
    mount = backend.find_mount(request.method, path.decode("latin-1"), request.query.decode("latin-1"))
    answer = await run_blocking(functools.partial(mount.responder.respond, request))
    return _response(answer)


def _response(answer: Answer) -> ConnexionResponse:
    fields = {name.decode("latin-1"): value.decode("latin-1") for name, value in answer.fields}
    return ConnexionResponse(
        status_code=answer.status,
        content_type=fields.pop("content-type", None),
        body=answer.body,
        headers=fields,
    )
