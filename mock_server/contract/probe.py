"""
Probes: requests that are sent on purpose, each with what it is meant to be.

What it is meant to be is proven before it is sent: see `contract.subject`.
"""

from dataclasses import dataclass, field
from enum import Enum

from mock_server.contract.transport import Received
from mock_server.exchange.message import Request
from mock_server.finding import Place
from mock_server.generate.draft import Draft
from mock_server.typing import Pointer


class Intent(Enum):
    """What a request is to the document."""

    CONFORMING = "conforming"
    VIOLATING = "violating"  # in every reading that the document allows
    DOUBTFUL = "doubtful"  # in some readings only
    UNAUTHENTICATED = "unauthenticated"  # conforming, but for its missing credentials
    FORGED = "forged"  # conforming, with made-up credentials
    FOREIGN_METHOD = "foreign method"  # a method that the path does not document
    STRANGER = "stranger"  # conforming, by another identity than the one who owns what it asks for


@dataclass(frozen=True, slots=True)
class Probe:
    """One request, and why it is sent."""

    operation: str  # its operationId
    request: Request
    intent: Intent
    phase: str
    what: str  # in words: "the query parameter 'limit': beyond the maximum 100"
    keyword: str = ""  # that is tried or broken
    where: Pointer = ()  # ("query", "limit") or ("body", "items", "0")
    place: Place | None = None  # of the keyword, in the document
    draft: Draft | None = field(default=None, compare=False)
    known: bool = False  # whether the things that its path names are known to exist


@dataclass(frozen=True, slots=True)
class Exchanged:
    """A probe and what came back."""

    probe: Probe
    received: Received
    number: int = 0  # in the order of sending

    @property
    def status(self) -> int:
        """The status; 0 where no answer came."""
        return self.received.response.status if self.received.response is not None else 0

    @property
    def accepted(self) -> bool:
        """Whether the request was a success."""
        return 200 <= self.status < 300 and self.received.fault is None  # noqa: PLR2004
