"""
Connecting a run to an API: over the network or in this process, at a pace, and logged in.

What a login holds goes into requests on their way, and is renewed once after a 401.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from ssl import SSLContext

from mock_server.contract.hooks import HookedSender, Hooks
from mock_server.contract.login.issuers import Issuers
from mock_server.contract.login.logins import Logins
from mock_server.contract.login.open import LoginOpener
from mock_server.contract.scope import fits
from mock_server.contract.transport.http import AnswerLimits, HttpSender, Received, Sender
from mock_server.contract.transport.in_process import load_app, open_app
from mock_server.contract.transport.paced import PacedSender, wait_until_ready
from mock_server.document.document import Document
from mock_server.errors import UsageError
from mock_server.exchange.message import Request
from mock_server.judges.identity import Identity
from mock_server.settings.contract import NOBODY, LoginSettings, TestedOperation

_UNAUTHORIZED = 401


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiConnection:
    """The connection settings of an API."""

    app: str | None  # module:attribute of an application in this process
    url: str | None
    base_path: str
    limits: AnswerLimits
    tls: bool | SSLContext
    workers: int
    rate_limit: str | None  # requests a second, or `auto`
    wait: float | None = None  # seconds until it has to answer
    hooks: Hooks = field(default_factory=Hooks)


@dataclass(frozen=True, slots=True)
class WantedLogins:
    """The logins that settings and flags ask for."""

    logins: Mapping[str, LoginSettings]  # by name
    tables: Mapping[str, TestedOperation]  # by pattern of operations
    environment: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Connected:
    """An API that can be asked, and as whom."""

    sender: PacedSender
    first: Identity
    other: Identity
    logins: Logins


@dataclass(eq=False, repr=False)
class AuthorizedSender:
    """Sends requests with the values of logins."""

    sender: Sender
    logins: Logins

    @property
    def origin(self) -> str:
        """The origin that requests are sent to."""
        return self.sender.origin

    def send(self, request: Request) -> Received:
        """Send a request; once more with new values, if it was refused with 401."""
        numbers = self.logins.find(request)
        if not numbers:
            return self.sender.send(request)
        logins = self.logins.logins
        used = {number: logins[number].current() for number in numbers}
        received = self.sender.send(self.logins.fill(request, used))
        if not _is_unauthorized(received):
            return received
        renewed = [number for number in numbers if logins[number].renew_after(used[number])]
        if not renewed:
            return received
        used = {number: logins[number].current() for number in numbers}
        received = self.sender.send(self.logins.fill(request, used))
        for number in renewed:
            logins[number].note_help(helped=not _is_unauthorized(received))
        return received

    def break_off(self) -> None:
        """Whoever waits for an answer stops waiting, where that can be."""
        self.sender.break_off()

    def go_on(self) -> None:
        """Allow requests again."""
        self.sender.go_on()

    def close(self) -> None:
        """Let go of connections."""
        self.sender.close()


def _is_unauthorized(received: Received) -> bool:
    return received.response is not None and received.response.status == _UNAUTHORIZED


@contextmanager
def connect(
    connection: ApiConnection, document: Document, wanted: WantedLogins, first: Identity, other: Identity
) -> Iterator[Connected]:
    """
    Connect to an API, and log in.

    Args:
        connection: How it is reached.
        document: Of the API.
        wanted: The logins of the settings and flags.
        first: The identity of a run, with what is fixed.
        other: The second identity, the same.

    Raises:
        UsageError: a setting makes no sense.
        LoginError: a login was refused.
    """
    direct = _open_sender(connection)
    base = direct.origin + connection.base_path
    issuers = Issuers(direct, base, lambda origin: HttpSender(origin, connection.limits, verify=connection.tls))
    opener = LoginOpener(document, issuers, wanted.environment, lambda where: load_app(where, "--auth-function"))
    authorized: Sender = AuthorizedSender(direct, opener.logins)
    rate, adapts = _read_rate(connection.rate_limit)
    sender = PacedSender(HookedSender(authorized, connection.hooks), rate, adapts=adapts)
    own = wanted.tables
    try:
        if connection.wait is not None:
            wait_until_ready(direct, connection.base_path.encode(), connection.wait)
        first, other = opener.open(_assign(dict(wanted.logins), own), first, other)
        unknown = {pattern for pattern, table in own.items() if table.auth == NOBODY}
        anonymous = {e.id: Identity() for e in document.entries if any(fits(e, pattern) for pattern in unknown)}
        first = replace(first, own={**first.own, **anonymous})
        yield Connected(sender, first, other, opener.logins)
    finally:
        issuers.close()
        sender.close()


def _read_rate(text: str | None) -> tuple[float | None, bool]:
    """Read requests a second, and whether they follow what the API says."""
    if text is None or text == "auto":
        return None, text is not None
    try:
        rate = float(text)
    except ValueError:
        rate = 0.0
    if not rate > 0:
        raise UsageError(f"--rate-limit is a number of requests a second, or auto; not {text!r}")
    return rate, False


def _assign(logins: dict[str, LoginSettings], tables: Mapping[str, TestedOperation]) -> dict[str, LoginSettings]:
    """Say for which operations logins are, as the tables of operations say it."""
    for pattern, table in tables.items():
        if table.auth is None or table.auth == NOBODY:
            continue
        if table.auth not in logins:
            known = ", ".join(filter(None, logins)) or "none"
            raise UsageError(f"[test.operations.{pattern!r}]: there is no login {table.auth!r}; there are {known}")
        login = logins[table.auth]
        logins[table.auth] = replace(login, operations=(*login.operations, pattern))
    return logins


def _open_sender(connection: ApiConnection) -> Sender:
    if connection.app is not None:
        return open_app(load_app(connection.app), connection.limits)
    connections = max(connection.workers, 4)
    return HttpSender(connection.url or "", connection.limits, verify=connection.tls, connections=connections)
