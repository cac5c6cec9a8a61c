"""What became of a callback or a webhook."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, NamedTuple

from mock_server.exchange.mask import NO_MASK, Mask
from mock_server.exchange.message import Request
from mock_server.finding import Finding
from mock_server.typing import JsonObject


class Outcome(StrEnum):
    """How far it came."""

    WAITING = "waiting"  # it will be sent, or sent again
    DELIVERED = "delivered"  # answered with 2xx
    FAILED = "failed"  # sent in vain
    REFUSED = "refused"  # not sent, since it is not allowed
    SKIPPED = "skipped"  # not sent, since nobody asked for it or it can't be made
    CANCELLED = "cancelled"  # the server was stopped


class Attempt(NamedTuple):
    """One time that it was sent."""

    moment: float  # in seconds since the epoch
    seconds: float  # until it was answered, or not
    status: int | None
    reason: str = ""  # why there is no status

    def json(self) -> JsonObject:
        """Write it as JSON."""
        return {"moment": self.moment, "seconds": round(self.seconds, 6), "status": self.status, "reason": self.reason or None}


@dataclass(eq=False, kw_only=True)
class Posted:
    """One callback or webhook."""

    number: int  # from 1
    kind: str  # callback or webhook
    name: str
    world: str
    moment: float  # when it was set off, in seconds since the epoch
    cause: str | None = None  # the exchange that set it off, by its id
    operation: str = ""  # the operation whose callback it is, as in `POST /orders`
    method: str = ""
    url: str = ""
    body: bytes = b""
    outcome: Outcome = Outcome.WAITING
    reason: str = ""
    attempts: list[Attempt] = field(default_factory=list)
    findings: tuple[Finding, ...] = ()  # how it, or the answer to it, breaks the document

    def end(self, outcome: Outcome, reason: str = "") -> None:
        """Say what became of it."""
        self.outcome, self.reason = outcome, reason

    def describe(self) -> str:
        """Say it in a line, without secrets."""
        about = f"{self.kind} {self.name}" + (f" of {self.operation}" if self.operation else "")
        to = f" {self.method} {NO_MASK.url(self.url)}" if self.url else ""
        times = f" in {len(self.attempts)} attempts" if len(self.attempts) > 1 else ""
        return f"{about}:{to} {self.outcome.value}{times}" + (f": {NO_MASK.text(self.reason)}" if self.reason else "")

    def json(self) -> JsonObject:
        """Write it as JSON."""
        return {
            "id": f"{self.number:08d}",
            "kind": self.kind,
            "name": self.name,
            "operation": self.operation or None,
            "world": self.world,
            "cause": self.cause,
            "moment": self.moment,
            "method": self.method,
            "url": self.url,
            "body": self.body.decode("utf-8", "replace"),
            "outcome": self.outcome.value,
            "reason": self.reason or None,
            "attempts": [attempt.json() for attempt in self.attempts],
            "findings": [{"rule": finding.rule, "message": finding.message, "place": str(finding.place)} for finding in self.findings],
        }


def mask_posted(posted: Posted, mask: Mask) -> JsonObject:
    """Write a callback as JSON, without its secrets."""
    knowing = mask.seen_in(Request(posted.method, b"/", posted.url.partition("?")[2].encode(), _JSON, posted.body))
    written = posted.json()
    body = knowing.body(_JSON, posted.body)
    shown = {name: knowing.value(written[name]) for name in ("reason", "attempts", "findings")}
    return {**written, **shown, "url": knowing.url(posted.url), "body": body.decode("utf-8", "replace")}


_JSON: Final = ((b"content-type", b"application/json"),)
