"""The state that all sessions of a run share: its options, the API, and what was learned."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from mock_server.contract.api import Api, OperationUnderTest
from mock_server.contract.checks import Check, Expectations
from mock_server.contract.checks.table import CHECKS
from mock_server.contract.hooks import Hooks
from mock_server.contract.knowledge.memory import Memory
from mock_server.contract.knowledge.templates import names_item, rename, shape_of
from mock_server.contract.knowledge.things import KnownObject
from mock_server.contract.model import Exchanged, Intent
from mock_server.contract.transport.http import Received, Sender, TransportFault
from mock_server.contract.transport.listener import Listener
from mock_server.contract.tuning import OperationTuning
from mock_server.document.document import template_names
from mock_server.document.model import Entry, ParameterLocation
from mock_server.errors import TransportError, UndefinedSerialization
from mock_server.exchange.message import Request, is_safe_method
from mock_server.generate.request import RequestDraft
from mock_server.json_values import JsonValue
from mock_server.judges.identity import Identity
from mock_server.names import split_words

_GONE = 5  # connections in a row that could not be made: the API went away
# Answers in a row that did not come in time, whatever was asked: an operation is left alone after three of them.
_NEVER_ANSWERED = 6
_STOPPED_ANSWERING = 12
_NOT_FOUND = 404
# To GET, of what is not there or can't be: also a path that breaks the document.
_GONE_STATUSES = frozenset((404, 410))
_ABSENT = frozenset((400, 404, 410, 422))
# What an operation that empties something is called.
_EMPTYING = frozenset(
    ("delete", "remove", "purge", "clear", "truncate", "drop", "wipe", "destroy", "flush", "empty", "reset")
)
_MANY = frozenset(("bulk", "batch", "mass", "all"))
_CHANGING = frozenset(("set", "update", "change", "edit", "patch", "replace", "cancel", "archive", "state", "status"))


def deletes_in_bulk(entry: Entry) -> bool:
    """
    Return whether an operation deletes what no path variable names.

    DELETE of a collection, or another method by its words.
    """
    if template_names(entry.template) or is_safe_method(entry.method):
        return False
    last = set(split_words(entry.template.rstrip("/").rpartition("/")[2]))
    if entry.method == "DELETE" or not _EMPTYING.isdisjoint({*last, *split_words(entry.id)[:1]}):
        return True
    return not last.isdisjoint(_MANY) and not last.isdisjoint(_CHANGING)


_SILENCE = frozenset((TransportFault.UNREACHABLE, TransportFault.TIMEOUT))
RefusalKey = tuple[str, str, bytes, bytes, tuple[tuple[bytes, bytes], ...], bytes]


def refusal_key(entry: Entry, request: Request, intent: Intent) -> RefusalKey:
    """Return what tells refused requests apart: the template and the body; without a body, the path."""
    if request.body and intent is Intent.CONFORMING:
        path = b""
    else:
        path = request.path
    return (entry.id, f"{request.method} {intent.value}", path, request.query, tuple(request.fields), request.body)


@dataclass(slots=True)
class Learned:
    """Lessons from the answers to requests with bodies."""

    recipes: dict[str, RequestDraft] = field(default_factory=dict)  # an accepted one, by operationId
    refused: dict[RefusalKey, Exchanged] = field(default_factory=dict)  # what need not be sent again
    barren: set[str] = field(default_factory=set)  # templates of things that could not be created


class RunOutOfTime(Exception):
    """The time for the whole run is over, or somebody stopped it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """The options of a run."""

    phases: tuple[str, ...] = ("examples", "coverage", "stateful", "fuzzing")
    modes: tuple[str, ...] = ("positive", "negative")
    checks: frozenset[str] = frozenset()
    mutating: bool = False
    allow_bulk_delete: bool = False  # DELETE of what no path variable names: a whole collection
    allow_unreached: frozenset[str] = frozenset()  # operations that may refuse every good request
    seed: int = 0
    max_examples: int = 12  # of fuzzing, an operation
    max_cases: int = 60  # of coverage, an operation
    thorough: bool = False  # whether coverage goes on with what a full request does not hold
    workers: int = 1
    max_time: float | None = None  # seconds, of the whole run
    max_response_time: float | None = None  # seconds
    other: Identity | None = None  # who must not see what the first one has
    tuning: Mapping[str, OperationTuning] = field(default_factory=dict)  # by operationId
    hooks: Hooks = field(default_factory=Hooks)
    extra: Mapping[str, Check] = field(default_factory=dict)  # checks beside ours, by name


@dataclass(eq=False, repr=False)
class Run:
    """The state that all sessions of a run share."""

    api: Api
    sender: Sender
    options: Options
    memory: Memory
    listener: Listener | None = None  # for callbacks and webhooks, where the user says how it is reached
    started: float = field(default_factory=time.monotonic)
    stopped: threading.Event = field(default_factory=threading.Event)
    created: list[tuple[KnownObject, Identity]] = field(default_factory=list)  # to be deleted at the end
    answered: bool = False  # whether the API ever answered
    silent: Counter[TransportFault] = field(default_factory=Counter)  # since the last answer: what came in its place
    sent: int = 0
    hung: Counter[str] = field(
        default_factory=Counter
    )  # answers that did not come or did not end in time, by operation
    known: set[tuple[str, ...]] = field(default_factory=set)  # causes that earlier phases found
    answered_otherwise: bool = False  # whether anything but 404 ever came
    not_found: set[str] = field(default_factory=set)  # operations without path variables that were answered with 404
    is_elsewhere: bool = False  # whether the run ended, since the API is not where it is asked for
    withheld: Counter[str] = field(
        default_factory=Counter
    )  # requests that could have changed what is not the run's own, by operation
    learned: Learned = field(default_factory=Learned)
    lasting: set[tuple[str, ...]] = field(default_factory=set)  # wrong totals that were still wrong after a while
    _absent: set[bytes] = field(default_factory=set)  # paths that were asked for, and that nothing is at
    checks: dict[str, Check] = field(default_factory=dict)  # ours, and those of the user
    sleep: Callable[[float], None] = time.sleep

    def __post_init__(self) -> None:
        """Put the checks together."""
        self.checks = {**CHECKS, **self.options.extra}

    def check_time(self) -> None:
        """
        Look at the clock.

        Raises:
            OutOfTime: the time for the run is over.
        """
        limit = self.options.max_time
        if self.stopped.is_set() or (limit is not None and time.monotonic() - self.started > limit):
            raise RunOutOfTime

    @property
    def is_gone(self) -> bool:
        """True where the API stopped answering; operations that are tested at once may hang at once."""
        most = _STOPPED_ANSWERING * self.options.workers
        return self.silent[TransportFault.UNREACHABLE] >= _GONE or self.silent[TransportFault.TIMEOUT] >= most

    def seems_elsewhere(self, least: int) -> bool:
        """
        Return whether the API is probably somewhere else: nothing but 404 came.

        An operation without path variables needs nothing that exists, so its 404 says more than that of an item.

        Args:
            least: Operations without path variables that were answered so.
        """
        return not self.answered_otherwise and len(self.not_found) >= least

    def pause(self, seconds: float) -> None:
        """Wait, but not beyond the time for the run, nor after somebody stopped it."""
        limit = self.options.max_time
        if limit is None:
            left = seconds
        else:
            left = max(min(seconds, self.started + limit - time.monotonic()), 0.0)
        self.stopped.wait(left)

    def subject(self, entry: Entry) -> OperationUnderTest | None:
        """Return the operation, ready; None where it can't be tested."""
        return self.api.subject(entry, self.memory.known(self.api.document.operation(entry)))

    def may_send(self, entry: Entry) -> bool:
        """Return whether requests of an operation are allowed."""
        if entry.method in {"GET", "HEAD", "OPTIONS"}:
            return True
        return self.options.mutating and (self.options.allow_bulk_delete or not deletes_in_bulk(entry))

    def is_harmless(self, subject: OperationUnderTest, draft: RequestDraft) -> bool:
        """
        Judge whether a request changes nothing but what this run created or was allowed to change.

        What is not known to be its own may still be absent: then a documented GET of the same path is refused.
        """
        variables = {
            name: value for (location, name), value in draft.parameters.items() if location is ParameterLocation.PATH
        }
        if subject.is_safe or self.memory.is_own(subject.entry, variables) or self._is_absent(subject, variables):
            return True
        self.withheld[subject.entry.id] += 1
        return False

    def _is_absent(self, subject: OperationUnderTest, variables: Mapping[str, JsonValue]) -> bool:
        entries = self.api.document.entries
        reading = next(
            (e for e in entries if e.method == "GET" and shape_of(e.template) == shape_of(subject.entry.template)), None
        )
        reader = self.subject(reading) if reading is not None else None
        if reader is None:
            return False
        draft = reader.drafter.draft()
        for name, value in rename(variables, subject.entry.template, reader.entry.template).items():
            draft = draft.with_parameter((ParameterLocation.PATH, name), value)
        try:
            request = reader.write(draft)
        except UndefinedSerialization:
            return False
        if request.path not in self._absent:
            is_right = reader.classify(request).intent is Intent.CONFORMING
            response = self.exchange(request).response
            if draft.missing or response is None or response.status not in (_GONE_STATUSES if is_right else _ABSENT):
                return False
            self._absent.add(request.path)
        return True

    @property
    def expected(self) -> Expectations:
        """Expectations of a run beyond the document."""
        return Expectations(self.options.max_response_time, self.api.identity.is_known)

    def exchange(self, request: Request) -> Received:
        """
        Send a request; a safe one that is redirected goes on to where it is led.

        Raises:
            OutOfTime: see `check_time`; also when the API stopped answering.
            TransportError: it never answered.
        """
        self.check_time()
        received = self.sender.send(request)
        self.sent += 1
        if received.fault is not None and self.stopped.is_set():
            raise RunOutOfTime  # it may have been broken off
        if received.response is None or received.response.status != _NOT_FOUND:
            self.answered_otherwise = True
        if received.fault not in _SILENCE:
            self.answered = True
            self.silent.clear()
            return received
        self.silent[received.fault] += 1
        if not self.answered:
            self._complain_of_silence(received)
        if self.is_gone:
            self.stopped.set()
        return received

    def _complain_of_silence(self, received: Received) -> None:
        """Raise where an API that never answered will not do so either: it is not there, or all of it hangs."""
        if received.fault is TransportFault.UNREACHABLE:
            raise TransportError(self.sender.origin, received.detail or received.fault.value)
        if self.silent[TransportFault.TIMEOUT] >= _NEVER_ANSWERED:
            raise TransportError(
                self.sender.origin,
                f"it takes requests and answers none of them: {_NEVER_ANSWERED} in a row got no answer in time, which "
                "--timeout sets",
            )

    def absorb(self, learned: Learned) -> None:
        """Take over what a session learned, once those beside it are done: so that their order does not matter."""
        self.learned.recipes.update(learned.recipes)
        self.learned.refused.update(learned.refused)
        self.learned.barren |= learned.barren
        self.learned.barren -= {self.items_of(id_) for id_ in learned.recipes}

    def items_of(self, operation: str) -> str:
        """Return the template of the things that an operation creates; empty where it creates none."""
        entry = self.api.document.find_entry(operation)
        if entry is None:
            return ""
        if names_item(entry.template):
            return entry.template
        return self.memory.item_template(entry.template) or ""
