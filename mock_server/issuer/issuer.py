"""The issuer: its endpoints, and what it says of itself."""

from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

from mock_server.exchange.body import write_json
from mock_server.exchange.message import Request
from mock_server.issuer.about_tokens import TokenInformation
from mock_server.issuer.browsers import Browsers
from mock_server.issuer.devices import DevicePages
from mock_server.issuer.exchanges import GRANTS, GrantExchange
from mock_server.issuer.grants import Grants
from mock_server.issuer.login import LoginPages
from mock_server.issuer.logout import LogoutPages
from mock_server.issuer.people import People
from mock_server.issuer.requests import RefusedGrant
from mock_server.issuer.signing import ALGORITHM, Signer
from mock_server.issuer.tokens import STANDARD_SCOPES, TokenService, Visit
from mock_server.json_values import JsonObject
from mock_server.respond.answer import Answer, RawField
from mock_server.settings.issuer import ISSUER_PATH, WELL_KNOWN, IssuerSettings

DISCOVERY: Final = "/.well-known/openid-configuration"
ANSWER: Final = "issuer"  # the source of its answers that are no pages
_READING: Final = ("GET",)
_AUTHENTICATION: Final = ("client_secret_basic", "client_secret_post", "none")
_POSTING: Final = ("POST",)
_BOTH: Final = ("GET", "POST")


class _Endpoint(NamedTuple):
    methods: tuple[str, ...]
    answer: Callable[[Visit], Answer | JsonObject]


class Issuer:
    """Answers requests for the issuer; kept while the server runs, with another configuration after a reload."""

    def __init__(self, signer: Signer) -> None:
        """
        Begin without a configuration.

        Args:
            signer: Signs its tokens.
        """
        self._signer = signer
        self._grants = Grants()
        self.configure(IssuerSettings(), None)

    def configure(self, settings: IssuerSettings, documented: frozenset[str] | None) -> None:
        """
        Take what is set from now on.

        Args:
            settings: Of the issuer.
            documented: The scopes of the documents; None where they leave them open.
        """
        service = TokenService(settings, People(settings), self._signer, self._grants, documented)
        self.service = service
        browsers, token = Browsers(service), GrantExchange(service)
        pages = LoginPages(service, browsers)
        devices, information = DevicePages(service, pages), TokenInformation(service)
        self._endpoints: Mapping[str, _Endpoint] = {
            DISCOVERY: _Endpoint(_READING, self.describe),
            "/jwks": _Endpoint(_READING, lambda _: self._signer.key_set()),
            "/authorize": _Endpoint(_BOTH, pages.authorize),
            "/token": _Endpoint(_POSTING, token.answer),
            "/userinfo": _Endpoint(_BOTH, information.userinfo),
            "/introspect": _Endpoint(_POSTING, information.introspect),
            "/revoke": _Endpoint(_POSTING, information.revoke),
            "/logout": _Endpoint(_BOTH, LogoutPages(service, browsers).end_session),
            "/device_authorization": _Endpoint(_POSTING, devices.begin),
            "/device": _Endpoint(_BOTH, devices.show),
        }

    def describe(self, visit: Visit) -> JsonObject:
        """Return what clients find out. RFC 8414, section 2; OpenID Connect Discovery 1.0, section 3."""
        url = visit.url  # where browsers come
        near = f"{visit.origin}{ISSUER_PATH}"  # as who asks reaches the server: another host name, in a container
        return {
            "issuer": url,
            "authorization_endpoint": f"{url}/authorize",
            "token_endpoint": f"{near}/token",
            "userinfo_endpoint": f"{near}/userinfo",
            "jwks_uri": f"{near}/jwks",
            "introspection_endpoint": f"{near}/introspect",
            "revocation_endpoint": f"{near}/revoke",
            "end_session_endpoint": f"{url}/logout",
            "device_authorization_endpoint": f"{near}/device_authorization",
            "response_types_supported": ["code", "token"],
            "response_modes_supported": ["query", "fragment"],
            "grant_types_supported": ["implicit", *GRANTS],
            "scopes_supported": [*sorted(self.service.known_scopes(), key=_by_importance)],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": [ALGORITHM],
            "token_endpoint_auth_methods_supported": [*_AUTHENTICATION],
            "introspection_endpoint_auth_methods_supported": [*_AUTHENTICATION],
            "revocation_endpoint_auth_methods_supported": [*_AUTHENTICATION],
            "code_challenge_methods_supported": ["S256"],
            "claims_supported": ["sub", "name", "given_name", "family_name", "preferred_username", "email",
                                 "email_verified", "auth_time", "nonce", "sid"],
            "prompt_values_supported": ["none", "login", "consent", "select_account"],
            "claims_parameter_supported": False,
            "request_parameter_supported": False,
            "request_uri_parameter_supported": False,
            "authorization_response_iss_parameter_supported": True,
        }  # fmt: skip

    def answer(self, request: Request, origin: str, now: float) -> Answer:
        """
        Answer a request.

        Args:
            request: As it came.
            origin: How the client addresses the server.
            now: By the clock of the world that asks, in seconds since the epoch.
        """
        path = request.path.decode("latin-1")
        endpoint = self._endpoints.get(DISCOVERY if path in WELL_KNOWN else path.removeprefix(ISSUER_PATH))
        method = "GET" if request.method == "HEAD" else request.method
        if endpoint is None:
            known = " ".join(self._endpoints)
            return _refuse(RefusedGrant("not_found", f"the issuer has no such endpoint; it has {known}", 404))
        if method == "OPTIONS":
            return Answer(204, [_allow(endpoint)], b"", ANSWER)
        if method not in endpoint.methods:
            refused = _refuse(RefusedGrant("invalid_request", f"{method} is not for this endpoint", 405))
            return refused._replace(fields=[*refused.fields, _allow(endpoint)])
        try:
            url = self.service.settings.url or f"{origin}{ISSUER_PATH}"
            given = endpoint.answer(Visit(request._replace(method=method), url, origin, now))
        except RefusedGrant as refused_grant:
            return _refuse(refused_grant)
        if isinstance(given, Answer):
            return given
        return Answer(200, _JSON, write_json(given), ANSWER)


_JSON: Final[tuple[RawField, ...]] = (
    (b"content-type", b"application/json"),
    (b"cache-control", b"no-store"),
    (b"pragma", b"no-cache"),
)


def _by_importance(scope: str) -> tuple[bool, int, str]:
    """Sort the scopes of OpenID Connect first, in their usual order."""
    is_standard = scope in STANDARD_SCOPES
    return (not is_standard, STANDARD_SCOPES.index(scope) if is_standard else 0, scope)


def _allow(endpoint: _Endpoint) -> RawField:
    methods = (*endpoint.methods, *(("HEAD",) if "GET" in endpoint.methods else ()), "OPTIONS")
    return (b"allow", ", ".join(methods).encode())


def _refuse(refused: RefusedGrant) -> Answer:
    """Answer with an error. RFC 6749, section 5.2; RFC 6750, section 3."""
    fields: list[RawField] = list(_JSON)
    if refused.challenge:
        parameters = 'realm="mock-server issuer"'
        if refused.challenge == "Bearer" and refused.error:
            parameters += f', error="{refused.error}", error_description="{refused.description}"'
        fields.append((b"www-authenticate", f"{refused.challenge} {parameters}".encode()))
    body: JsonObject = refused.json() if refused.error else {"error_description": refused.description}
    return Answer(refused.status, fields, write_json(body), ANSWER)


def open_issuer(settings: IssuerSettings) -> Issuer:
    """
    Make an issuer.

    Raises:
        UsageError: its key can't be read.
    """
    return Issuer(Signer.of(settings.key))
