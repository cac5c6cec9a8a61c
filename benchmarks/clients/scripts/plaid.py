"""Plaid's generated client: every method, its request made of what is required."""

import inspect

import plaid
from calls import ORIGIN, call, finish
from plaid.api.plaid_api import PlaidApi

DEPTH = 4


def made(kind, depth=0):
    """A value of a type of the client: the first that is allowed, and what is required."""
    if kind is str:
        return "abc"
    if kind in {int, float}:
        return 1
    if kind is bool:
        return True
    if isinstance(kind, list):
        return [made(kind[0], depth)]
    if isinstance(kind, dict):
        return {}
    allowed = getattr(kind, "allowed_values", None)
    if allowed and ("value",) in allowed:
        return kind(next(iter(allowed["value",].values())))
    if depth > DEPTH or not hasattr(kind, "openapi_types"):
        raise LookupError(str(kind))
    types = kind.openapi_types
    needed = [
        n
        for n, p in inspect.signature(kind.__init__).parameters.items()
        if n != "self" and p.default is p.empty and p.kind is p.POSITIONAL_OR_KEYWORD
    ]
    return kind(**{name: made(types[name][0], depth + 1) for name in needed if name in types})


api = PlaidApi(
    plaid.ApiClient(
        plaid.Configuration(host=ORIGIN, api_key={"clientId": "a", "secret": "b", "plaidVersion": "2020-09-14"})
    )
)
for name, endpoint in sorted(vars(api).items()):
    types = getattr(endpoint, "openapi_types", None)
    if not types:
        continue
    try:
        arguments = {key: made(types[key][0]) for key in endpoint.params_map["required"]}
    except Exception:  # noqa: BLE001 - no request can be made by so little
        continue
    call(name, lambda name=name, arguments=arguments: getattr(api, name.removesuffix("_endpoint"))(*arguments.values()))
finish()
