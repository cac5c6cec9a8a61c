"""Security: whether every set of credentials that was enough still is."""

from collections.abc import Mapping

from mock_server.diff.context import OperationPair
from mock_server.diff.model import Witness
from mock_server.document.model import ParameterLocation, SecurityRequirement, SecurityScheme
from mock_server.schema.dialect import Direction

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
