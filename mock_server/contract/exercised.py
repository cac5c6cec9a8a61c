"""What of the contract a run exercised: operations, statuses, media types, parameters, and keywords with their values."""

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Final

from mock_server.contract.plan import Change, Plan
from mock_server.contract.probe import Exchanged
from mock_server.contract.subject import Subject
from mock_server.exchange.media_type import parse_media_type
from mock_server.exchange.message import find_field

KINDS: Final = ("operation", "status", "media type", "parameter", "keyword")


@dataclass(eq=False, repr=False)
class Exercised:
    """What there is to exercise, and what was: by kind, (operation, what)."""

    there: dict[str, dict[tuple[str, str], None]] = field(default_factory=lambda: defaultdict(dict))
    done: dict[str, dict[tuple[str, str], None]] = field(default_factory=lambda: defaultdict(dict))

    def expect(self, subject: Subject) -> None:
        """Note what an operation has."""
        id_ = subject.entry.id
        self.there["operation"][id_, id_] = None
        for parameter in subject.operation.parameters:
            self.there["parameter"][id_, f"{parameter.location.value} {parameter.name}"] = None
        for response in subject.operation.responses:
            self.there["status"][id_, response.status] = None
            for content in response.content:
                self.there["media type"][id_, f"{response.status} {content.name}"] = None

    def plan(self, subject: Subject, plan: Plan) -> None:
        """Note the steps that could be taken."""
        for change in (*plan.positive, *plan.negative):
            self.there["keyword"][subject.entry.id, _step(change)] = None

    def took(self, subject: Subject, change: Change) -> None:
        """Note a step that was sent and answered."""
        self.done["keyword"][subject.entry.id, _step(change)] = None

    def answered(self, subject: Subject, exchanged: Exchanged) -> None:
        """Note what an answer exercised."""
        id_, response, draft = subject.entry.id, exchanged.received.response, exchanged.probe.draft
        if response is None:
            return
        self.done["operation"][id_, id_] = None
        for location, name in draft.parameters if draft is not None else ():
            self.done["parameter"][id_, f"{location.value} {name}"] = None
        documented = subject.operation.find_response(response.status)
        if documented is None:
            return
        self.done["status"][id_, documented.status] = None
        written = find_field(response.fields, b"content-type")
        if written is not None:
            for content in documented.content:
                if parse_media_type(content.name).covers(parse_media_type(written)):
                    self.done["media type"][id_, f"{documented.status} {content.name}"] = None

    def add(self, other: "Exercised") -> None:
        """Take in what somebody else noted."""
        for kind in KINDS:
            self.there[kind].update(other.there[kind])
            self.done[kind].update(other.done[kind])

    def counts(self, kind: str, operation: str | None = None) -> tuple[int, int]:
        """How many were exercised, and how many there are; of one operation if it is named."""
        there = [key for key in self.there[kind] if operation is None or key[0] == operation]
        return sum(key in self.done[kind] for key in there), len(there)

    @property
    def percent(self) -> float:
        """How much of everything was exercised; 100 where there is nothing."""
        counted = [self.counts(kind) for kind in KINDS]
        there = sum(total for _, total in counted)
        return 100.0 * sum(done for done, _ in counted) / there if there else 100.0


def _step(change: Change) -> str:
    return f"{'/'.join(change.where)} {change.keyword} {change.detail}{'' if change.conforms else ' (broken)'}"
