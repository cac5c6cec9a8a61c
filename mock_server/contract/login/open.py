"""From settings to identities: which login is for which operation, and where its values are sent."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Final, NamedTuple
from urllib.parse import urljoin

from mock_server.contract.login.grant import Grant
from mock_server.contract.login.issuers import Issuers
from mock_server.contract.login.logins import Login, Logins, placeholder
from mock_server.contract.login.oauth import TokenEndpoint, discover
from mock_server.contract.login.request import LoginFunction, LoginRequest, split_request
from mock_server.contract.login.wfc import read_users
from mock_server.contract.scope import fits
from mock_server.document.document import Document
from mock_server.document.model import ParameterLocation, SecurityScheme
from mock_server.errors import LoginError, UsageError
from mock_server.json_values import as_object
from mock_server.judges.identity import Identity, expand
from mock_server.settings.contract import LoginSettings
from mock_server.tokens import is_token

_BEARERS: Final = frozenset(("oauth2", "openIdConnect"))
_SECRETS: Final = ("value", "client_secret", "password", "refresh_token")
_WAYS: Final = ("value", "function", "request", "token_url", "issuer")


class _Part(NamedTuple):
    """The credentials that a login adds to an identity, and the operations that they are for."""

    settings: LoginSettings
    identity: Identity


@dataclass(eq=False, repr=False)
class LoginOpener:
    """Opens logins and puts what they give into identities."""

    document: Document
    issuers: Issuers
    environment: Mapping[str, str]
    load: Callable[[str], Any]  # a function of the user's, by `module:function`
    logins: Logins = field(default_factory=Logins)

    def open(self, given: Mapping[str, LoginSettings], first: Identity, other: Identity) -> tuple[Identity, Identity]:
        """
        Log in.

        Args:
            given: The logins of the settings and the flags, by name.
            first: The identity of a run, with what is fixed.
            other: The second identity, the same.

        Returns:
            Both, with what the logins give.

        Raises:
            UsageError: a login makes no sense.
            LoginError: one was refused.
        """
        parts: list[_Part] = []
        secrets: set[str] = set()
        for name, settings in self._all(given):
            secrets.update(_secrets(settings))
            parts.append(_Part(settings, self._enter(name, settings)))
        self.logins.given = frozenset(secrets)
        return (
            self._join(first, [part for part in parts if not part.settings.other]),
            self._join(other, [part for part in parts if part.settings.other]),
        )

    def _all(self, given: Mapping[str, LoginSettings]) -> Iterator[tuple[str, LoginSettings]]:
        """Yield the logins without variables; those of a file in its place."""
        for name, raw in given.items():
            settings = _expand(raw, self.environment)
            if settings.file is None:
                yield name, settings
                continue
            users = read_users(Path(settings.file), self.issuers.own.origin)
            if settings.user is not None and settings.user not in users:
                raise UsageError(f"{settings.file} has no user {settings.user!r}; there are {', '.join(users)}")
            names = list(users)[:2] if settings.user is None else [settings.user]
            for index, user in enumerate(names):
                for login in users[user]:
                    own = _expand(login, self.environment)
                    is_other = settings.other or index > 0
                    yield user, replace(own, other=is_other, scheme=settings.scheme, operations=settings.operations)

    def _join(self, identity: Identity, parts: list[_Part]) -> Identity:
        """Put parts together: those of single operations over those of all."""
        for part in parts:
            if not part.settings.operations:
                identity = identity.joined(part.identity)
        own: dict[str, Identity] = {}
        for part in parts:
            matching = [
                entry.id
                for entry in self.document.entries
                if any(fits(entry, pattern) for pattern in part.settings.operations)
            ]
            if part.settings.operations and not matching:
                raise UsageError(f"no operation fits {', '.join(part.settings.operations)}, for which a login is")
            for id_ in matching:
                own[id_] = own.get(id_, identity).joined(part.identity)
        return replace(identity, own=own)

    def _enter(self, name: str, settings: LoginSettings) -> Identity:
        """Log in, and say where the values go."""
        if settings.value is not None:
            return self._place(settings, (settings.value,), Grant((settings.value,)))
        number = len(self.logins.logins)
        login = Login(name, self._way(settings))
        self.logins.logins.append(login)
        grant = login.enter()
        return self._place(settings, tuple(placeholder(number, index) for index in range(len(grant.values))), grant)

    def _way(self, settings: LoginSettings) -> Callable[[Grant | None], Grant]:
        chosen = [name for name in _WAYS if getattr(settings, name) is not None]
        if len(chosen) > 1:
            raise UsageError(f"a login has one of {', '.join(_WAYS)}, not {' and '.join(chosen)}")
        if settings.function is not None:
            return LoginFunction(self.load(settings.function), self.issuers.base, settings.expires).obtain
        if settings.request is not None:
            method, url = split_request(settings.request)
            self.issuers.resolve(url)
            return LoginRequest(self.issuers, replace(settings, request=f"{method} {url}")).obtain
        if not (settings.client_id or settings.username or settings.refresh_token):
            raise UsageError(
                f"a login needs {', '.join(_WAYS)}, or what OAuth 2 asks for: client_id, username or refresh_token"
            )
        return TokenEndpoint(self.issuers, lambda: self._token_url(settings), settings).obtain

    def _token_url(self, settings: LoginSettings) -> str:
        if settings.token_url is not None:
            return self.issuers.resolve(settings.token_url)
        if settings.issuer is not None:
            return discover(self.issuers, settings.issuer)
        for scheme in self._schemes(settings):
            for url in _documented_urls(scheme):
                whole = urljoin(self.issuers.base.rstrip("/") + "/", url)
                if not self.issuers.allows(whole):
                    raise LoginError(
                        f"the document gives tokens at {whole[:200]}, which is not the API: name it with `token_url`"
                    )
                if scheme.type == "openIdConnect":
                    return discover(self.issuers, whole)
                return whole
        raise LoginError("the document names no URL that gives tokens: say it with `token_url` or `issuer`")

    def _schemes(self, settings: LoginSettings) -> list[SecurityScheme]:
        """Choose the security schemes of a login: the named ones, else those of tokens."""
        schemes = self.document.schemes
        for name in settings.scheme:
            if name not in schemes:
                raise UsageError(f"the document has no security scheme {name!r}; it has {', '.join(schemes) or 'none'}")
        if settings.scheme:
            return [schemes[name] for name in settings.scheme]
        return [scheme for scheme in schemes.values() if scheme.type in _BEARERS or scheme.scheme == "bearer"]

    def _place(self, settings: LoginSettings, values: tuple[str, ...], grant: Grant) -> Identity:
        """Say where values are sent."""
        if grant.are_cookies:
            return self._place_cookies(dict(zip(grant.names, values, strict=True)))
        if grant.names:
            return _of_fields(dict(zip(grant.names, values, strict=True)))
        if settings.send is not None:
            return _read_send(settings.send, values[0])
        schemes = self._schemes(settings)
        if not schemes:
            keys = [scheme for scheme in self.document.schemes.values() if scheme.type == "apiKey"]
            schemes = keys if len(keys) == 1 else []
        if schemes:
            return Identity({scheme.key: values[0] for scheme in schemes})
        return _of_fields({"Authorization": f"Bearer {values[0]}"})

    def _place_cookies(self, cookies: dict[str, str]) -> Identity:
        credentials = {
            scheme.key: cookies.pop(scheme.name)
            for scheme in self.document.schemes.values()
            if scheme.type == "apiKey" and scheme.location is ParameterLocation.COOKIE and scheme.name in cookies
        }
        if not cookies:
            return Identity(credentials)
        return replace(_of_fields({"Cookie": "; ".join(map("=".join, cookies.items()))}), credentials=credentials)


def _read_send(text: str, value: str) -> Identity:
    """Read how a token is sent: in a header field, a cookie, or the query."""
    if "{token}" not in text:
        raise UsageError(
            f"`send` has {{token}} where the token goes, as in 'Authorization: Bearer {{token}}': {text!r}"
        )
    if text.startswith("?"):
        name, equals, template = text[1:].partition("=")
        if not name or not equals:
            raise UsageError(f"`send` in a query is written '?name={{token}}', not {text!r}")
        return Identity(query=((name, template.replace("{token}", value)),))
    name, colon, template = text.partition(":")
    if not colon:
        raise UsageError(f"`send` is a header field 'Name: {{token}}' or a query '?name={{token}}', not {text!r}")
    return _of_fields({name.strip(): template.strip().replace("{token}", value)})


def _of_fields(values: Mapping[str, str]) -> Identity:
    for name in values:
        if not is_token(name):
            raise UsageError(f"{name[:100]!r} is no name of a header field")
    pairs = tuple(
        (name.lower().encode("latin-1"), value.encode("latin-1", "replace")) for name, value in values.items()
    )
    return Identity(fields=pairs, granting=frozenset(name for name, _ in pairs))


def _documented_urls(scheme: SecurityScheme) -> Iterator[str]:
    """Yield the URLs of a security scheme that give tokens, or lead to one."""
    value = as_object(scheme.node.value)
    if isinstance(value.get("openIdConnectUrl"), str):
        yield str(value["openIdConnectUrl"])
    flows = as_object(value.get("flows"))
    for flow in [*map(as_object, flows.values()), value]:  # in Swagger 2.0 the scheme itself is the flow
        if isinstance(flow.get("tokenUrl"), str):
            yield str(flow["tokenUrl"])


def _secrets(settings: LoginSettings) -> Iterator[str]:
    for row in _SECRETS:
        yield getattr(settings, row) or ""
    yield from settings.headers.values()
    if isinstance(settings.body, dict):
        yield from (item for item in settings.body.values() if isinstance(item, str))


def _expand(settings: LoginSettings, environment: Mapping[str, str]) -> LoginSettings:
    """Replace variables in all texts."""

    def expand_all(value: Any) -> Any:  # noqa: ANN401 - of any row
        if isinstance(value, str):
            return expand(value, environment)
        if isinstance(value, dict):
            return {name: expand_all(item) for name, item in value.items()}
        if isinstance(value, list):
            return [expand_all(item) for item in value]
        return value

    return replace(settings, **{each.name: expand_all(getattr(settings, each.name)) for each in fields(settings)})
