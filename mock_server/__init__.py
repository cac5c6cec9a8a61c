"""
mock-server: from one OpenAPI document, a fake backend whose every answer conforms, contract checks and edge cases.

    import mock_server

    document = mock_server.load("openapi.yaml")
    app = mock_server.app(document)                  # any ASGI server runs it
    findings = mock_server.judge(document, request, response)
    strategy = mock_server.responses(document, "getPet")   # Hypothesis
    for record in mock_server.catalogue(document, "getPet"): ...

A module imports its own layer and those to the left (`tests/test_architecture.py`; `docs/architecture.md` has the map):

    base <- document <- schema <- exchange <- generate <- judges <- contract <- payloads
         <- diff <- respond <- state <- server <- callbacks <- proxy <- admin <- compose <- cli, api, testing
"""

import importlib
from typing import TYPE_CHECKING, Any

from mock_server.version import __version__

if TYPE_CHECKING:
    from mock_server.api import app, judge, load
    from mock_server.strategies import catalogue, requests, responses
    from mock_server.testing.cases import contract_cases

__all__ = ["__version__", "app", "catalogue", "contract_cases", "judge", "load", "requests", "responses"]
_ELSEWHERE = {
    **dict.fromkeys(("catalogue", "requests", "responses"), "mock_server.strategies"),
    "contract_cases": "mock_server.testing.cases",
}


def __getattr__(name: str) -> Any:  # noqa: ANN401 - what `api` has under the name
    """Import the library when it is used: the command line starts without it."""
    if name in __all__:
        return getattr(importlib.import_module(_ELSEWHERE.get(name, "mock_server.api")), name)
    message = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(message)
