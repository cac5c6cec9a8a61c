"""
Probes: requests that are sent on purpose, each with what it is meant to be.

What it is meant to be is proven before it is sent: see `contract.subject`.

Verdicts: what a check says of an exchange.

A verdict is certain or doubtful. A doubtful one is reported apart and never makes a run fail: the document leaves room,
or something that is none of its business, such as a framework, may have answered.

Incidents: what a run found, one for each cause, with the smallest request that shows it.

An incident's id is derived from what it is, not from when it was seen: the same tomorrow, so that a baseline can name
it.
"""

from dataclasses import dataclass, field, replace
from enum import Enum
from hashlib import blake2b

from mock_server.contract.transport.http import Received
from mock_server.exchange.message import Request
from mock_server.exchange.secrets.mask import Mask
from mock_server.findings import Finding, Level, Place
from mock_server.generate.request import RequestDraft
from mock_server.json_values import Pointer, array_index, format_pointer


class Intent(Enum):
    """The intent of a request, as the document judges it."""

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
    draft: RequestDraft | None = field(default=None, compare=False)
    known: bool = False  # whether the things that its path names are known to exist


@dataclass(frozen=True, slots=True)
class Exchanged:
    """A probe and what came back."""

    probe: Probe
    received: Received
    number: int = 0  # in the order of sessions
    moment: int = 0  # in the order of sending

    @property
    def status(self) -> int:
        """The status; 0 where no answer came."""
        if self.received.response is not None:
            return self.received.response.status
        return 0

    @property
    def accepted(self) -> bool:
        """True where the request was a success."""
        return 200 <= self.status < 300 and self.received.fault is None  # noqa: PLR2004


@dataclass(frozen=True, slots=True)
class Verdict:
    """The verdict of a check."""

    check: str
    finding: Finding
    doubtful: bool = False
    cause: tuple[str, ...] = ()  # what tells it from others of the same rule and place

    @property
    def key(self) -> tuple[str, ...]:
        """
        The key under which equal verdicts are one.

        The check, the operation, the rule, the place, and the instance without indices.
        """
        finding = self.finding
        place = str(finding.place) if finding.place is not None else ""
        return (
            self.check,
            finding.operation or "",
            finding.rule,
            place,
            *without_indices(finding.instance or ()),
            *self.cause,
        )


def without_indices(pointer: Pointer) -> Pointer:
    """Write `*` for each index of an array."""
    return tuple(map(_without_index, pointer))


def _without_index(token: str) -> str:
    if array_index(token) is None:
        return token
    return "*"


@dataclass(frozen=True, slots=True)
class Incident:
    """One thing that is wrong."""

    id: str
    check: str
    finding: Finding
    exchanged: Exchanged  # the smallest that shows it
    doubtful: bool
    seen: int = 1
    accepted: bool = False  # by a baseline
    cause: tuple[str, ...] = ()
    related: tuple[Exchanged, ...] = ()  # what went before it, where it takes more than one exchange to see it
    others: tuple["Incident", ...] = ()  # of the same cause, at other operations: it stands for them

    @property
    def is_red(self) -> bool:
        """True where it makes the run fail."""
        return not self.doubtful and not self.accepted and self.finding.level is Level.ERROR

    @property
    def shown_by(self) -> tuple[str, ...]:
        """The operations that show it: its own, and those that others of the same cause were found at."""
        return tuple(dict.fromkeys(each.finding.operation or "" for each in self.members))

    @property
    def members(self) -> tuple["Incident", ...]:
        """The incidents that it stands for, itself first."""
        return (self, *self.others)

    def mask(self, mask: Mask) -> Mask:
        """Make a mask that knows the secrets of its exchanges as well."""
        for each in (*self.related, self.exchanged):
            mask = mask.seen_in(each.probe.request, each.received.response)
        return mask

    def message(self, mask: Mask) -> str:
        """Write what is wrong, without secrets."""
        return self.mask(mask).finding(self.finding.message, self.finding.instance)


@dataclass(eq=False, repr=False)
class Incidents:
    """The incidents of a run, in the order in which they were first seen."""

    baseline: frozenset[str] = frozenset()
    _by_key: dict[tuple[str, ...], Incident] = field(default_factory=dict)

    def add(self, verdict: Verdict, exchanged: Exchanged, related: tuple[Exchanged, ...] = ()) -> bool:
        """Note a verdict; gives whether it is new."""
        key = (*verdict.key, str(verdict.doubtful))
        known = self._by_key.get(key)
        if known is None:
            id_ = identify(verdict)
            self._by_key[key] = Incident(
                id_,
                verdict.check,
                verdict.finding,
                exchanged,
                verdict.doubtful,
                accepted=id_ in self.baseline,
                cause=verdict.cause,
                related=related,
            )
            return True
        smaller = _size(exchanged) < _size(known.exchanged)
        if smaller:
            changed = replace(known, finding=verdict.finding, exchanged=exchanged, related=related)
        else:
            changed = known
        self._by_key[key] = replace(changed, seen=known.seen + 1)
        return False

    def absorb(self, incident: Incident) -> None:
        """Take in an incident of another ledger."""
        verdict = Verdict(incident.check, incident.finding, incident.doubtful, incident.cause)
        key = (*verdict.key, str(incident.doubtful))
        known = self._by_key.get(key)
        if known is None:
            self._by_key[key] = replace(incident, accepted=incident.id in self.baseline)
        else:
            best = min(known, incident, key=lambda item: _size(item.exchanged))
            self._by_key[key] = replace(best, seen=known.seen + incident.seen, accepted=known.accepted)

    def causes(self) -> list[tuple[str, ...]]:
        """Return the causes of the certain incidents."""
        return [key[:-1] for key in self._by_key if key[-1] == "False"]

    def without(self, check: str) -> list[Incident]:
        """Return the incidents of other checks."""
        return [incident for incident in self._by_key.values() if incident.check != check]

    def has(self, check: str) -> bool:
        """Return whether a check found something."""
        return any(incident.check == check for incident in self._by_key.values())

    def knows(self, verdict: Verdict) -> bool:
        """Return whether an incident of the same cause is there."""
        return (*verdict.key, str(verdict.doubtful)) in self._by_key

    def incidents(self) -> list[Incident]:
        """Return all incidents as they were first seen; a doubtful one that is certain elsewhere is left out."""
        certain = {key[:-1] for key in self._by_key if key[-1] == "False"}
        return [incident for key, incident in self._by_key.items() if key[-1] == "False" or key[:-1] not in certain]


def identify(verdict: Verdict) -> str:
    """Derive the id of an incident: ten hexadecimal digits. The file's name does not count, its pointer does."""
    finding = verdict.finding
    if finding.place is not None:
        pointer = format_pointer(finding.place.pointer)
    else:
        pointer = ""
    words = (verdict.check, finding.operation or "", finding.rule, pointer, *verdict.key[4:])
    return blake2b("\0".join(words).encode("utf-8", "surrogatepass"), digest_size=5).hexdigest()


def _size(exchanged: Exchanged) -> tuple[int, int, bytes, bytes]:
    request = exchanged.probe.request
    fields = sum(len(name) + len(value) for name, value in request.fields)
    return (
        len(request.path) + len(request.query) + len(request.body) + fields,
        len(request.body),
        request.path,
        request.query,
    )
