"""Sending as somebody: what a login holds goes into requests on their way, and is renewed once after a 401."""

from dataclasses import dataclass

from mock_server.contract.login.logins import Logins
from mock_server.contract.transport.http import Received, Sender
from mock_server.exchange.message import Request

_UNAUTHORIZED = 401


@dataclass(eq=False, repr=False)
class AuthorizedSender:
    """Sends requests with the values of logins."""

    sender: Sender
    logins: Logins

    @property
    def origin(self) -> str:
        """Where requests go."""
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
