"""
mock-server: from one OpenAPI document, a fake backend whose every answer conforms.

    import mock_server

    document = mock_server.load("openapi.yaml")
    app = mock_server.app(document)                  # any ASGI server runs it
    findings = mock_server.judge(document, request, response)
    strategy = mock_server.responses(document, "getPet")   # Hypothesis
    for record in mock_server.catalogue(document, "getPet"): ...

The map, in the order in which a request meets the layers; a module imports its own and those to the left:

    base  <-  spec  <-  schema  <-  exchange  <-  generate  <-  contract  <-  payloads  <-  serve  <-  edges

`errors` and `finding` are what goes wrong with our work and with what we looked at; `rules` lists all findings. `spec`
reads documents, `schema` knows what a Schema Object means, `exchange` what travels over HTTP, `generate` makes values,
`contract` judges messages, `payloads` catalogues edge cases, `serve` answers, `cli`, `api` and `strategies` are the
edges that people touch.
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
