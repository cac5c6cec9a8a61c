"""Logins: each holds what it was given, and renews it before it ends, or after a 401."""

import re
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import quote

from mock_server.contract.login.grant import Grant
from mock_server.errors import LoginError
from mock_server.exchange.message import Request

_PLACEHOLDER: Final = re.compile(r"mock-server-login-(\d{1,4})-(\d{1,4})")
_MARGIN: Final = 30.0  # seconds before its end at which a grant is renewed, but no more than a fifth of its time
_MOST_FAILURES: Final = 3  # renewals in a row that were refused
_MOST_USELESS: Final = 20  # renewals after a 401 in a row that changed nothing: the token is not the reason
_SHARE: Final = 0.2


def placeholder(login: int, value: int) -> str:
    """Return what is in a request in place of a value of a login."""
    return f"mock-server-login-{login}-{value}"


@dataclass(eq=False, repr=False)
class Login:
    """One way to get credentials, and what it gave. Used by several threads."""

    name: str
    obtain: Callable[[Grant | None], Grant]
    clock: Callable[[], float] = time.monotonic
    grant: Grant | None = None
    seen: set[str] = field(default_factory=set)  # every secret that it gave
    times: int = 0  # that it was asked
    failure: str = ""  # why it could not be renewed
    _until: float | None = None
    _failures: int = 0
    _useless: int = 0
    _lock: threading.RLock = field(default_factory=threading.RLock)

    @property
    def described(self) -> str:
        """Its name in messages."""
        if self.name:
            return f"the login {self.name}"
        return "the login"

    def enter(self) -> Grant:
        """
        Log in.

        Raises:
            LoginError: it was refused.
        """
        with self._lock:
            held = self.grant
            self.times += 1
            try:
                grant = self.obtain(held)
            except LoginError as error:
                raise LoginError(f"{self.described} failed: {error}") from error
            self.grant = grant
            self.seen.update((*grant.values, grant.refresh))
            self._until = None
            if grant.seconds is not None:
                self._until = self.clock() + grant.seconds - min(_MARGIN, grant.seconds * _SHARE)
            return grant

    def current(self) -> tuple[str, ...]:
        """Return the values to send; they are renewed where they are about to end."""
        with self._lock:
            if self.grant is None:
                return self.enter().values
            if self._until is not None and self.clock() >= self._until:
                self._renew()
            return self.grant.values

    def renew_after(self, refused: tuple[str, ...]) -> bool:
        """
        Renew values that were refused with 401.

        Returns:
            Whether there are others now; another thread may have renewed them.
        """
        with self._lock:
            if self.grant is None or self.grant.values != refused:
                return self.grant is not None
            if self._useless >= _MOST_USELESS:
                return False
            self._renew()
            return self.grant.values != refused

    def note_help(self, *, helped: bool) -> None:
        """Note whether new values were taken after a 401."""
        with self._lock:
            self._useless = 0 if helped else self._useless + 1

    def _renew(self) -> None:
        """Log in again; what is held stays where that fails."""
        if self._failures >= _MOST_FAILURES:
            return
        try:
            self.enter()
            self._failures = 0
        except LoginError as error:
            self._failures += 1
            self.failure = str(error)


@dataclass(eq=False, repr=False)
class Logins:
    """All logins of a run."""

    logins: list[Login] = field(default_factory=list)
    given: frozenset[str] = frozenset()  # secrets of the settings

    @property
    def secrets(self) -> frozenset[str]:
        """Every secret that was given or sent."""
        return self.given.union(*(login.seen for login in self.logins)) - {""}

    @property
    def variables(self) -> dict[str, str]:
        """The name of its placeholder in lines for a shell: TOKEN, and with the name of the login ADMIN_TOKEN."""
        found = {}
        for number, login in enumerate(self.logins):
            name = re.sub(r"\W", "_", login.name, flags=re.ASCII).upper()
            for index, _ in enumerate(login.grant.values if login.grant is not None else ()):
                parts = ([name] if name else []) + ["TOKEN"] + ([str(index + 1)] if index else [])
                found[placeholder(number, index)] = "$" + "_".join(parts)
        return found

    @property
    def failures(self) -> tuple[str, ...]:
        """Why logins could not be renewed."""
        return tuple(login.failure for login in self.logins if login.failure)

    def find(self, request: Request) -> list[int]:
        """Find the logins whose values a request holds."""
        text = request.query.decode("latin-1") + "\n".join(value.decode("latin-1") for _, value in request.fields)
        numbers = {int(match[1]) for match in _PLACEHOLDER.finditer(text)}
        return sorted(number for number in numbers if number < len(self.logins))

    def fill(self, request: Request, values: Mapping[int, tuple[str, ...]]) -> Request:
        """Put values into the header and the query of a request."""

        def value(match: re.Match[str]) -> str:
            own = values.get(int(match[1]), ())
            index = int(match[2])
            return own[index] if index < len(own) else match[0]

        def fill(data: bytes, write: Callable[[str], str]) -> bytes:
            text = data.decode("latin-1")
            return _PLACEHOLDER.sub(lambda match: write(value(match)), text).encode("latin-1")

        fields = tuple((name, fill(field_, str)) for name, field_ in request.fields)
        return request._replace(query=fill(request.query, lambda text: quote(text, safe="")), fields=fields)

    def reveal(self, request: Request) -> Request:
        """Return a request with the values that are held, to be judged: nobody is asked."""
        numbers = self.find(request) if self.logins else []
        held = {number: grant.values for number in numbers if (grant := self.logins[number].grant) is not None}
        if held:
            return self.fill(request, held)
        return request
