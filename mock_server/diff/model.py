"""
The findings of a comparison of two documents: places, verdicts and witnesses as frozen values.

A place is one part of the messages of one operation: a parameter, a body of one media type, a header field of one
answer. A change says what differs there, whether it breaks somebody, and, where it does, shows a message that proves
it.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from hashlib import blake2b
from typing import NamedTuple

from mock_server.document.document import Document
from mock_server.document.model import MISSING, Missing
from mock_server.exchange.curl import write_curl
from mock_server.exchange.message import Request, Response
from mock_server.findings import Finding, Level, Place
from mock_server.json_values import JsonValue, Pointer
from mock_server.schema.dialect import Direction

NOWHERE = "http://localhost"  # the origin of curl lines of documents whose servers have relative URLs
_DIGITS = 8  # bytes of a fingerprint


class DiffVerdict(StrEnum):
    """The meaning of a change for those who rely on the old document."""

    COMPATIBLE = "compatible"  # proven: every message that is compared stays right
    BREAKING = "breaking"  # a message is shown that was right and is refused
    UNKNOWN = "unknown"  # neither was proven
    CHANGED = "changed"  # words only: no message of the old document becomes wrong


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparedPlace:
    """One part of the messages of one operation, in both documents."""

    operation: str  # the operationId, as the old document has it where it has the operation
    title: str  # `GET /pets/{petId}`; of a callback or webhook, its name after the method
    direction: Direction | None  # of the message; None where the whole operation is meant
    part: Pointer = ()  # ("query", "limit"), ("body", "application/json"), ("200", "headers", "ETag"), …
    is_sent: bool = False  # by the provider: of a callback or webhook, where the directions are swapped

    @property
    def sender(self) -> str:
        """The party that sends the message: `client` or `server`, the provider of the API."""
        if (self.direction is Direction.RESPONSE) is not self.is_sent:
            return "server"
        return "client"


@dataclass(frozen=True, slots=True, kw_only=True)
class Witness:
    """
    A message that one document allows and the other refuses.

    What a client sends is valid by the old document and refused by the new one; what a server sends is valid by the
    new document and refused by the old one, which is what clients were written for.
    """

    request: Request | None = None
    response: Response | None = None
    origin: str = NOWHERE
    value: JsonValue | Missing = MISSING  # of the parameter, header field or body that is refused
    inside: Pointer = ()  # where in the value
    reasons: tuple[str, ...] = ()  # the words of the judge that refuses it

    @property
    def curl(self) -> str:
        """The request as a line for a POSIX shell; empty where the message is no request."""
        if self.request is None:
            return ""
        return write_curl(self.request, self.origin)


class HurtConsumer(NamedTuple):
    """A consumer that a change hurts."""

    name: str
    hurt: int  # exchanges that show it
    of: int  # exchanges of the operation
    kind: str  # of the exchanges: `interactions` of a Pact file, `exchanges`

    def __str__(self) -> str:
        return f"{self.name} ({self.hurt:,} of {self.of:,} {self.kind})"


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentChange:
    """One difference at one place."""

    rule: str
    verdict: DiffVerdict
    level: Level
    message: str
    place: ComparedPlace
    inside: Pointer = ()  # the properties and items on the way from the message's part to the difference
    old: Place | None = None  # in the old document
    new: Place | None = None  # in the new document
    witness: Witness | None = None
    reason: str = ""  # why the verdict is unknown
    tried: int = 0  # values that were tried without finding a witness
    hurts: tuple[HurtConsumer, ...] | None = None  # the known consumers that it hurts; None where none are known

    @property
    def fingerprint(self) -> str:
        """The identity of the change, the same in every run and wherever in the files it stands."""
        place = self.place
        direction = place.direction.value if place.direction is not None else ""
        parts = (self.rule, place.title, direction, *place.part, "", *self.inside)
        return blake2b("\0".join(parts).encode("utf-8", "replace"), digest_size=_DIGITS).hexdigest()

    @property
    def is_red(self) -> bool:
        """True where somebody breaks, or might."""
        return self.verdict in {DiffVerdict.BREAKING, DiffVerdict.UNKNOWN}

    def finding(self) -> Finding:
        """Return the change as a finding, at its place in the new document where it has one."""
        direction = (self.place.direction.value,) if self.place.direction is not None else ()
        instance = (*direction, *self.place.part, *self.inside)
        return Finding(self.rule, self.message, self.new or self.old, instance or None, self.place.operation)


def write_hurts(changes: Sequence[DocumentChange]) -> str:
    """Write whom changes that are shown as one hurt; empty where nobody was asked about."""
    known = [change.hurts for change in changes if change.hurts is not None]
    if not known:
        return ""
    most: dict[tuple[str, str], HurtConsumer] = {}
    for hurt in (each for hurts in known for each in hurts):
        key = (hurt.name, hurt.kind)
        if key not in most or hurt.hurt > most[key].hurt:
            most[key] = hurt
    return f"hurts {', '.join(map(str, most.values())) or 'nobody known'}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparedDocuments:
    """Two documents, compared."""

    old: Document
    new: Document
    changes: tuple[DocumentChange, ...]
    compared: int = 0  # places
    operations: int = 0  # pairs of operations
    differing: int = 0  # pairs that are not written the same
    added: tuple[str, ...] = ()  # the titles of new operations
    accepted: tuple[DocumentChange, ...] = ()  # those that a baseline knows

    def of(self, *verdicts: DiffVerdict) -> Sequence[DocumentChange]:
        """List the changes with some verdicts."""
        return [change for change in self.changes if change.verdict in verdicts]

    def count(self) -> Counter[DiffVerdict]:
        """Count the changes by verdict."""
        return Counter(change.verdict for change in self.changes)
