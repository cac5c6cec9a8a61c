"""
A run: phases over operations, and what came of them.

Beside each other run only operations that leave each other's things alone, and what they found is put together in the
order of the operations: with the same seed the same cases go out, in the same order for each operation, however many
workers there are.
"""

import signal
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

from mock_server.contract.causes import group_incidents
from mock_server.contract.checks import ExchangeUnderCheck
from mock_server.contract.checks.table import sort_incidents
from mock_server.contract.depth import (
    KEPT_OUT,
    NOT_FOUND,
    Exercise,
    UnreachedOperation,
    explain_unreached,
    find_barred,
    find_unreached_reason,
    measure,
)
from mock_server.contract.hooks import iter_once
from mock_server.contract.model import Exchanged, Incident, Incidents
from mock_server.contract.phases.callbacks import CALLBACKS, call_back, judge_webhooks
from mock_server.contract.phases.callbacks import PHASE as WEBHOOKS
from mock_server.contract.phases.coverage import cover, cover_late
from mock_server.contract.phases.examples import in_order, send_examples
from mock_server.contract.phases.fuzzing import fuzz, shrink
from mock_server.contract.phases.leftovers import Leftover, clean_up
from mock_server.contract.phases.stateful import Lives, things_with_lives
from mock_server.contract.plan import Exercised
from mock_server.contract.run import Run, RunOutOfTime
from mock_server.contract.session import Session, renumbered
from mock_server.contract.workflows.model import WorkflowDocument
from mock_server.contract.workflows.play import WorkflowPlayer
from mock_server.document.model import Entry
from mock_server.errors import MockServerError
from mock_server.findings import Finding, make_tool_finding
from mock_server.json_values import Progress

# Operations without path variables that are answered with 404 before the run ends, if nothing else ever came: while the
# first phase goes on, and after it.
_MANY_NOT_FOUND: Final = 10
_FEW_NOT_FOUND: Final = 3
PHASES = ("examples", "coverage", "stateful", "fuzzing")
MODES = ("positive", "negative")


@dataclass(frozen=True, slots=True)
class Report:
    """The outcome of a run."""

    incidents: tuple[Incident, ...]
    operations: tuple[Exercise, ...]
    skipped: tuple[Entry, ...]  # whose method is not allowed
    untestable: dict[str, str]  # operations whose schemas can't be used, and why
    without_success: tuple[UnreachedOperation, ...]
    exercised: Exercised
    exchanges: tuple[Exchanged, ...]
    seconds: float
    sent: int
    limited: int  # how often a limit of the provider was met
    unreached: str = ""  # why nothing was tested, where that is so
    barred: str = ""  # operations that were refused for want of credentials, and what to do
    faults: tuple[Finding, ...] = ()  # of ours: operations that could not be tested to the end
    interrupted: str = ""  # by what
    cleaned: tuple[int, int] = (0, 0)  # deleted, of created
    left: tuple[Leftover, ...] = ()  # what was created and is still there

    @property
    def warnings(self) -> tuple[Finding, ...]:
        """The findings about operations that were not reached."""
        return tuple(each.finding for each in self.without_success)

    @property
    def red(self) -> tuple[Incident, ...]:
        """The incidents that make the run fail."""
        return tuple(incident for incident in self.incidents if incident.is_red)

    @property
    def exit_code(self) -> int:
        """
        Return how the run ended.

        0: all is well. 1: something was found. 2: nothing was tested, or not all of it, by a fault of ours or for want
        of credentials.
        """
        if self.faults or (self.unreached and (self.is_elsewhere or not self.red)):
            return 2
        if self.red:
            return 1
        return 2 if self.barred else 0

    @property
    def depth(self) -> tuple[int, int]:
        """The number of operations that answered a good request with success, and of those to test."""
        tested = {exercise.id for exercise in self.operations}
        return sum(exercise.reached for exercise in self.operations), len(tested | self.untestable.keys())

    @property
    def is_elsewhere(self) -> bool:
        """
        True where nothing of the API was seen at all.

        Every answer was 401, 403 or 404, so that what was found says nothing.
        """
        statuses = {status for exercise in self.operations for status in exercise.refusals}
        return bool(self.unreached) and bool(statuses) and (statuses <= KEPT_OUT or statuses == NOT_FOUND)


@dataclass(eq=False, repr=False)
class Runner:
    """Leads a run."""

    run: Run
    entries: tuple[Entry, ...]
    progress: Progress = lambda done, total, what: None
    baseline: frozenset[str] = frozenset()
    workflows: WorkflowDocument | None = None  # that are played in place of the phases
    scouts: tuple[Entry, ...] = ()  # operations of other shards, whose examples teach what exists
    _sessions: list[Session] = field(default_factory=list)
    _silent: dict[str, str] = field(default_factory=dict)  # operations that are not sent, and why
    _interrupted: str = ""
    _faults: list[Finding] = field(default_factory=list)
    _deletions: list[Session] = field(default_factory=list)  # that wait until everything else is done
    _lives: list[Lives] = field(default_factory=list)
    _has_broken_type: bool = False  # whether a body with a broken Content-Type was sent

    def report(self) -> Report:
        """
        Run all phases.

        Raises:
            TransportError: the API can't be reached.
        """
        left: tuple[Leftover, ...] = ()
        try:
            for phase in PHASES:
                if phase in self.run.options.phases and not self.run.is_elsewhere:
                    self._phase(phase)
                    self.run.known.update(key for session in self._sessions for key in session.ledger.causes())
            self._delete()
            self._play_workflows()
        except RunOutOfTime:
            if self.run.is_gone:
                self._interrupted = "the API stopped answering"
            else:
                self._interrupted = "the time is over"
        except KeyboardInterrupt:
            self.run.stopped.set()
            self._interrupted = "interrupted"
        finally:
            if self.run.created:
                self.progress(0, None, "deleting what was created")
                left = clean_up(self.run)
                if self.run.stopped.is_set():
                    self._interrupted = "interrupted"
        if self.run.listener is not None:
            self._sessions += judge_webhooks(self.run, self.run.listener, CALLBACKS)
        self._look_back()
        return self._gather(left)

    def _play_workflows(self) -> None:
        if self.workflows is None:
            return
        player = WorkflowPlayer(self.run, self.workflows)
        try:
            player.play()
        finally:
            self._sessions += player.sessions.values()
            self._silent.update(player.skipped)

    def _look_back(self) -> None:
        """Run the checks of the user's that look at all exchanges."""
        of = {id(exchanged): session for session in self._sessions for exchanged in session.exchanges}
        contexts = [
            ExchangeUnderCheck(session.subject, exchanged, self.run.expected)
            for session in self._sessions
            for exchanged in session.exchanges
        ]
        for verdict, exchanged in iter_once(self.run.options.hooks, contexts):
            of[id(exchanged)].note(verdict, exchanged)

    def _phase(self, phase: str) -> None:
        if phase == "stateful":
            self._stateful()
            return
        sessions = []
        for entry in in_order((*self.entries, *(self.scouts if phase == "examples" else ()))):
            if self.run.options.mutating and not self.run.may_send(entry):
                self._silent[entry.id] = "it deletes what this run did not create; --allow-bulk-delete sends it"
            with self._fence("making it ready", entry):
                session = self._open(entry, phase)
                if session is not None:
                    sessions.append(session)
        self._deletions += [session for session in sessions if session.subject.operation.method == "DELETE"]
        sessions = [session for session in sessions if session.subject.operation.method != "DELETE"]
        for wave in _waves(sessions) if phase != "examples" else [sessions]:
            self._sessions += [session for session in wave if session.subject.entry not in self.scouts]
            self._map(_WORK[phase], wave, phase)
            for session in wave:
                self.run.absorb(session.own)
            self._send_broken_type(wave)
        if phase == "examples":
            self.run.is_elsewhere = self.run.seems_elsewhere(_FEW_NOT_FOUND)
        if phase == "coverage":
            self._cover_late(sessions)

    def _cover_late(self, sessions: list[Session]) -> None:
        """Look again for requests that operations accept which were not reached, one after the other."""
        reached = {session.subject.entry.id for session in self._sessions if session.accepted}
        late = [session for session in sessions if session.subject.entry.id not in reached]
        for index, session in enumerate(late):
            self.progress(index, len(late), f"coverage: {session.subject.entry.title}")
            with self._fence("coverage", session.subject.entry):
                cover_late(session)
                shrink(session)
            self.run.absorb(session.own)

    def _send_broken_type(self, wave: list[Session]) -> None:
        """Send one body with a broken Content-Type a run: of the first session that has one, whoever is done first."""
        able = next((session for session in wave if session.broken_type is not None), None)
        if able is None or able.broken_type is None or self._has_broken_type:
            return
        self._has_broken_type = True
        with self._fence(able.phase, able.subject.entry):
            able.send(able.broken_type)

    def _delete(self) -> None:
        """Do what deletes, of all phases: last of all, so that nothing else misses what is gone."""
        for lives in self._lives:
            lives.end()
        for phase in PHASES:
            sessions = [session for session in self._deletions if session.phase == phase]
            self._sessions += sessions
            if not self.run.is_elsewhere:
                self._map(_WORK[phase], sessions, phase)
            self.run.known.update(key for session in sessions for key in session.ledger.causes())

    def _open(self, entry: Entry, phase: str) -> Session | None:
        """Begin to test an operation; None where it is not to be sent, or nothing can be said of its answers."""
        subject = self.run.subject(entry) if self.run.may_send(entry) else None
        if subject is None:
            return None
        if not subject.operation.responses:
            self._silent[entry.id] = "it documents no response, so nothing can be said of an answer"
            return None
        session = Session(self.run, subject, phase)
        session.exercised.expect(subject)
        return session

    @contextmanager
    def _fence(self, doing: str, entry: Entry) -> Iterator[None]:
        """Keep a fault of ours at one operation from ending the run."""
        try:
            yield
        except (RunOutOfTime, MockServerError):
            raise
        except Exception as error:  # noqa: BLE001 - said as a finding, and the run ends with 2
            self._faults.append(make_tool_finding(error, doing, entry.node.place, entry.id))

    def _map(self, work: Callable[[Session], None], sessions: list[Session], phase: str) -> None:
        """Run sessions one by one, or by several workers; answers teach only what is sent in later phases."""
        workers = self.run.options.workers if phase != "examples" else 1

        def fenced(session: Session) -> None:
            with self._fence(phase, session.subject.entry):
                work(session)

        if workers == 1:
            for index, session in enumerate(sessions):
                self.progress(index, len(sessions), f"{phase}: {session.subject.entry.title}")
                fenced(session)
                if phase == "examples" and self.run.seems_elsewhere(_MANY_NOT_FOUND):
                    break
            return
        with ThreadPoolExecutor(workers, thread_name_prefix="contract") as pool:
            try:
                with _undisturbed():
                    futures = [pool.submit(fenced, session) for session in sessions]
                for index, (session, future) in enumerate(zip(sessions, futures, strict=True)):
                    self.progress(index, len(sessions), f"{phase}: {session.subject.entry.title}")
                    future.result()
            except BaseException:
                self.run.stopped.set()
                self.run.sender.break_off()
                pool.shutdown(cancel_futures=True)
                self.run.sender.go_on()
                raise

    def _stateful(self) -> None:
        phase = "stateful"
        lives = Lives(self.run)
        self._lives.append(lives)
        templates = things_with_lives(self.run) if self.run.options.mutating else []
        wanted = {entry.template for entry in self.entries}
        for index, template in enumerate(templates):
            if template in wanted:
                self.progress(index, len(templates), f"stateful: {template}")
                with self._fence(phase, next(entry for entry in self.entries if entry.template == template)):
                    lives.live(template)
        for session in list(self._sessions):
            entry = session.subject.entry
            own = (e for e in session.exchanges if e.probe.operation == entry.id)  # not what was created for it
            shown = next((e for e in own if e.accepted and e.probe.draft is not None), None)
            if session.phase == "examples" and entry.method == "GET" and shown is not None:
                with self._fence(phase, entry):
                    lives.follow(entry, shown)
        self._sessions += call_back(self.run, self.entries)

    def _gather(self, left: tuple[Leftover, ...]) -> Report:
        ledger, exercised, exchanges = Incidents(self.baseline), Exercised(), list[Exchanged]()
        by_operation: dict[str, list[Session]] = {}
        lived = [session for lives in self._lives for session in lives.sessions.values()]
        # What was only sent because a chosen operation needs a thing is not itself to be reached.
        needed = {id(session) for session in lived if self._was_only_needed(session)}
        for session in (*self._sessions, *lived):
            exercised.add(session.exercised)
            exchanges += renumbered(session.exchanges, len(exchanges) + 1)
            if session.phase != WEBHOOKS and id(session) not in needed:  # webhooks are not ours to send
                by_operation.setdefault(session.subject.entry.id, []).append(session)
            for incident in session.ledger.incidents():
                ledger.absorb(incident)
        tested = tuple(measure(sessions) for sessions in by_operation.values())
        allowed = self._allowed()
        skipped = tuple(
            entry for entry in self.entries if not self.run.options.mutating and not self.run.may_send(entry)
        )
        return Report(
            incidents=tuple(group_incidents(sort_incidents(ledger.incidents()))),
            operations=tested,
            skipped=skipped,
            untestable={**self._silent, **{id_: str(error) for id_, error in self.run.api.broken.items()}},
            without_success=tuple(
                explain_unreached(exercise, sessions)
                for exercise, sessions in zip(tested, by_operation.values(), strict=True)
                if not exercise.reached
            ),
            exercised=exercised,
            exchanges=tuple(exchanges),
            seconds=time.monotonic() - self.run.started,
            sent=self.run.sent,
            limited=getattr(self.run.sender, "limited", 0),
            unreached=find_unreached_reason(tested, self.run, allowed),
            barred=find_barred(tested, self.run, allowed),
            faults=tuple(dict.fromkeys(self._faults)),
            interrupted=self._interrupted,
            cleaned=(len(self.run.created) - len(left), len(self.run.created)),
            left=left,
        )

    def _was_only_needed(self, session: Session) -> bool:
        """Return whether an operation was not chosen, created nothing, and showed nothing that is wrong."""
        is_chosen = session.subject.entry in self.entries
        return not is_chosen and not session.accepted and not session.ledger.incidents()

    def _allowed(self) -> frozenset[str]:
        """Return the operations that may stay unreached: those that were named, and where a refusal is expected."""
        options = self.run.options
        expected = {id_ for id_, tuned in options.tuning.items() if any(tuned.expects(status) for status in KEPT_OUT)}
        return options.allow_unreached | expected


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Have Ctrl-C wait a moment: threads that are being started are left in disorder by it."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGINT,))
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _waves(sessions: list[Session]) -> list[list[Session]]:
    """
    Return the sessions in waves: safe methods, then changes.

    Sessions of one wave run at the same time, and do not disturb each other.
    """
    safe = [session for session in sessions if session.subject.is_safe]
    return [safe, [session for session in sessions if not session.subject.is_safe]]


def _cover(session: Session) -> None:
    cover(session)
    shrink(session)


_WORK: Final[Mapping[str, Callable[[Session], None]]] = {
    "examples": send_examples,
    "coverage": _cover,
    "fuzzing": fuzz,
    "stateful": lambda session: None,  # its deletions are those of its lives
}
