"""
Incidents: what a run found, one for each cause, with the smallest request that shows it.

An incident's id is derived from what it is, not from when it was seen: the same tomorrow, so that a baseline can name it.
"""

from dataclasses import dataclass, field, replace
from hashlib import blake2b

from mock_server.contract.probe import Exchanged
from mock_server.contract.verdict import CHECKS, Verdict
from mock_server.exchange.mask import Mask
from mock_server.finding import Finding
from mock_server.pointer import format_pointer
from mock_server.rules import Level


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

    @property
    def is_red(self) -> bool:
        """Whether it makes the run fail."""
        return not self.doubtful and not self.accepted and self.finding.level is Level.ERROR

    def mask(self, mask: Mask) -> Mask:
        """Make a mask that knows the secrets of its exchanges as well."""
        for each in (*self.related, self.exchanged):
            mask = mask.seen_in(each.probe.request, each.received.response)
        return mask

    def message(self, mask: Mask) -> str:
        """Write what is wrong, without secrets."""
        return self.mask(mask).finding(self.finding.message, self.finding.instance)


@dataclass(eq=False, repr=False)
class Ledger:
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
        changed = replace(known, finding=verdict.finding, exchanged=exchanged, related=related) if smaller else known
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
        """The causes of the certain incidents."""
        return [key[:-1] for key in self._by_key if key[-1] == "False"]

    def without(self, check: str) -> list[Incident]:
        """The incidents of other checks."""
        return [incident for incident in self._by_key.values() if incident.check != check]

    def has(self, check: str) -> bool:
        """Whether a check found something."""
        return any(incident.check == check for incident in self._by_key.values())

    def knows(self, verdict: Verdict) -> bool:
        """Whether an incident of the same cause is there."""
        return (*verdict.key, str(verdict.doubtful)) in self._by_key

    def incidents(self) -> list[Incident]:
        """All incidents: by check, then operation, then place. A doubtful one that is certain elsewhere is left out."""
        order = {check: index for index, check in enumerate(CHECKS)}
        certain = {key[:-1] for key in self._by_key if key[-1] == "False"}
        kept = [incident for key, incident in self._by_key.items() if key[-1] == "False" or key[:-1] not in certain]
        return sorted(
            kept, key=lambda incident: (order[incident.check], incident.finding.operation or "", incident.finding.sort_key, incident.id)
        )


def identify(verdict: Verdict) -> str:
    """Derive the id of an incident: ten hexadecimal digits. The file's name does not count, its pointer does."""
    finding = verdict.finding
    pointer = format_pointer(finding.place.pointer) if finding.place is not None else ""
    words = (verdict.check, finding.operation or "", finding.rule, pointer, *verdict.key[4:])
    return blake2b("\0".join(words).encode("utf-8", "surrogatepass"), digest_size=5).hexdigest()


def _size(exchanged: Exchanged) -> tuple[int, int, bytes, bytes]:
    request = exchanged.probe.request
    fields = sum(len(name) + len(value) for name, value in request.fields)
    return (len(request.path) + len(request.query) + len(request.body) + fields, len(request.body), request.path, request.query)
