"""Security: whether every set of credentials that was enough still is."""

from collections.abc import Iterator, Mapping
from typing import Final

from mock_server.diff.context import DiffContext, OperationPair
from mock_server.diff.model import ComparedPlace, DiffVerdict, DocumentChange, Witness
from mock_server.document.model import ParameterLocation, SecurityRequirement, SecurityScheme
from mock_server.json_values import as_object
from mock_server.schema.dialect import Direction

_URLS: Final = ("authorizationUrl", "tokenUrl", "refreshUrl", "deviceAuthorizationUrl", "openIdConnectUrl")

_Credential = tuple[str, str, str, str]  # what tells one credential from another, whatever its scheme is called


def compare_security(pair: OperationPair) -> None:
    """Compare the security requirements of an operation: alternatives, each a set of credentials with scopes."""
    old, new = pair.old.security, pair.new.security
    pair.compared += 1
    if not new or pair.is_sent:
        return
    schemes_before, schemes_after = pair.context.old.document.schemes, pair.context.new.document.schemes
    accepted = [_credentials(requirement, schemes_after) for requirement in new]
    for requirement in old or ((),):
        offered = _credentials(requirement, schemes_before)
        if any(_is_met(wanted, offered) for wanted in accepted):
            continue
        request = pair.witness_request(security=requirement)
        if request is None:
            continue
        had = _describe(offered) or "no credentials"
        wants = " or ".join(_describe(wanted) or "none" for wanted in accepted)
        witness = Witness(request=request, origin=pair.origin, reasons=(f"it has {had}; needed is {wants}",))
        place = pair.place(Direction.REQUEST, "security", *(name for name, _ in requirement))
        message = f"{had} was enough; needed is {wants} now"
        pair.add(
            "diff-security-tightened", message, place, old=pair.old.entry.node, new=pair.new.entry.node, witness=witness
        )


def compare_logins(context: DiffContext) -> Iterator[DocumentChange]:
    """Compare where credentials are got: the URLs of the flows of OAuth 2, and of OpenID Connect."""
    before, after = context.old.document, context.new.document
    for name, old in before.schemes.items():
        new = after.schemes.get(name)
        if new is None or new.type != old.type:
            continue
        kept = _addresses(new)
        for what, url in _addresses(old).items():
            if kept.get(what) == url:
                continue
            said = f"is {kept[what]} now, not {url}" if what in kept else f"{url} is documented no more"
            yield DocumentChange(
                rule="diff-login-moved",
                verdict=DiffVerdict.CHANGED,
                level=context.level("diff-login-moved"),
                message=f"the {what} of the security scheme {name!r} {said}",
                place=ComparedPlace(operation="", title="", direction=None, part=("security", name, what)),
                old=old.node.place,
                new=new.node.place,
            )


def _addresses(scheme: SecurityScheme) -> dict[str, str]:
    """Return the URLs at which credentials are got, by their keyword, in 3.x with the name of the flow before it."""
    written = as_object(scheme.node.value)
    parts = {"": written, **{f"{name} ": as_object(flow) for name, flow in as_object(written.get("flows")).items()}}
    return {
        prefix + keyword: str(flow[keyword]) for prefix, flow in parts.items() for keyword in _URLS if keyword in flow
    }


def _credentials(
    requirement: SecurityRequirement, schemes: Mapping[str, SecurityScheme]
) -> dict[_Credential, frozenset[str]]:
    """Return what a requirement asks for, each with its scopes."""
    found: dict[_Credential, frozenset[str]] = {}
    for name, scopes in requirement:
        scheme = schemes[name]
        if scheme.type == "apiKey":
            is_header = scheme.location is ParameterLocation.HEADER  # names of header fields have no case
            key = (scheme.type, scheme.location.value, scheme.name.lower() if is_header else scheme.name, "")
        elif scheme.type == "http":
            key = (scheme.type, scheme.scheme, "", "")
        else:
            key = (scheme.type, "", "", "")
        found[key] = found.get(key, frozenset()) | frozenset(scopes)
    return found


def _is_met(wanted: Mapping[_Credential, frozenset[str]], offered: Mapping[_Credential, frozenset[str]]) -> bool:
    return all(key in offered and scopes <= offered[key] for key, scopes in wanted.items())


def _describe(credentials: Mapping[_Credential, frozenset[str]]) -> str:
    words = []
    for (type_, where, name, _), scopes in credentials.items():
        said = f"{type_} {where} {name}".strip()
        words.append(f"{said} ({', '.join(sorted(scopes))})" if scopes else said)
    return " and ".join(words)
