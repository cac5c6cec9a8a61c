"""Verification of bearer tokens for an operation, and the refusals. RFC 6750."""

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple, Protocol

from mock_server.document.model import SecurityRequirement, SecurityScheme
from mock_server.exchange.message import Request
from mock_server.exchange.parameters import Carrier
from mock_server.exchange.security import find_unmet

_LOGGING_IN: Final = frozenset(("oauth2", "openIdConnect"))
INVALID: Final = "invalid_token"
INSUFFICIENT: Final = "insufficient_scope"


class TokenRefusal(NamedTuple):
    """Why a token is not good. RFC 6750, section 3.1."""

    error: str  # `invalid_token` or `insufficient_scope`
    reason: str
    scopes: tuple[str, ...] = ()  # that are needed

    @property
    def status(self) -> int:
        """Return the status of the answer."""
        return 403 if self.error == INSUFFICIENT else 401

    def challenge(self) -> str:
        """Write the WWW-Authenticate field. RFC 6750, section 3."""
        scope = f', scope="{" ".join(self.scopes)}"' if self.scopes else ""
        return f'Bearer realm="mock-server", error="{self.error}", error_description="{self.reason}"{scope}'


class TokenVerifier(Protocol):
    """Verifies tokens."""

    def refuse(self, request: Request, now: float, scopes: Sequence[str]) -> TokenRefusal | None:
        """
        Verify the bearer token of a request.

        Args:
            request: That has one.
            now: In seconds since the epoch.
            scopes: That it has to have.

        Returns:
            Why it is not good, or None.
        """


def takes_bearer(scheme: SecurityScheme) -> bool:
    """Check whether a scheme asks for a token in the Authorization field."""
    return scheme.type in _LOGGING_IN or (scheme.type == "http" and scheme.scheme == "bearer")


def asks_for_token(requirements: Sequence[SecurityRequirement], schemes: Mapping[str, SecurityScheme]) -> bool:
    """Check whether an alternative asks for a token."""
    return any(takes_bearer(schemes[name]) for requirement in requirements for name, _ in requirement)


def find_refusal(
    verifier: TokenVerifier,
    requirements: Sequence[SecurityRequirement],
    schemes: Mapping[str, SecurityScheme],
    request: Request,
    now: float,
) -> TokenRefusal | None:
    """
    Verify the token of a request that has the credentials of at least one alternative.

    Returns:
        None where an alternative is met, its token verified; else what is wrong with the token, a lack of scopes
        rather than anything else.
    """
    carrier = Carrier({}, request.query.decode("latin-1"), request.fields)
    found: TokenRefusal | None = None
    for requirement in requirements:
        if find_unmet((requirement,), schemes, carrier):
            continue
        bearers = [(name, scopes) for name, scopes in requirement if takes_bearer(schemes[name])]
        scopes = tuple(dict.fromkeys(scope for _, each in bearers for scope in each))
        refusal = verifier.refuse(request, now, scopes) if bearers else None
        if refusal is None:
            return None
        if found is None or refusal.error == INSUFFICIENT:
            found = refusal
    return found
