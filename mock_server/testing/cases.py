"""
Contract checks as tests: one for each operation and check.

The operations of one resource are tried together, when the first of their tests runs; the others read what came of it.

The API under test and the options: the arguments of `@pytest.mark.contract(…)`.
"""

import os
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import pytest

from mock_server.cli.show_run import iter_exchange
from mock_server.contract.api import make_api
from mock_server.contract.checks.table import CHECKS
from mock_server.contract.knowledge.memory import GivenValues, Memory
from mock_server.contract.model import Incident
from mock_server.contract.reports.report import ReportContext
from mock_server.contract.run import Options, Run
from mock_server.contract.runner import MODES, PHASES, Report, Runner
from mock_server.contract.scope import base_path_of, choose_entries, read_baseline, read_values
from mock_server.contract.transport.http import AnswerLimits, HttpSender
from mock_server.contract.transport.in_process import load_app, open_app
from mock_server.contract.transport.paced import PacedSender
from mock_server.document.document import Document
from mock_server.document.load import Access
from mock_server.document.model import Entry
from mock_server.document.positions import find_positions
from mock_server.document.read import read_documents
from mock_server.errors import MockServerError, UsageError
from mock_server.findings import Level
from mock_server.judges.identity import Identity, make_identity, make_mask
from mock_server.printable import printable, printable_lines

_WORDS: Final = {"phases": PHASES, "modes": MODES, "checks": tuple(CHECKS), "exclude_checks": tuple(CHECKS)}
_DEFAULT: Final = Options()


@dataclass(frozen=True, slots=True, kw_only=True)
class TestTarget:
    """An API under test; the fields are the keywords of the marker, named as the flags of `mock-server test` are."""

    url: str | None = None  # the base of the API: it replaces the servers of the document
    app: Any = None  # instead: an ASGI or WSGI application, or `module:attribute`
    headers: Sequence[str] = ()  # `Name: value`
    auth: Sequence[str] = ()  # `SCHEME=secret` or `user:password`
    other_headers: Sequence[str] = ()
    other_auth: Sequence[str] = ()
    values: Path | str | Mapping[str, Any] | None = None
    baseline: Path | str | None = None
    phases: Sequence[str] = PHASES
    modes: Sequence[str] = MODES
    checks: Sequence[str] = ()
    exclude_checks: Sequence[str] = ()
    mutating: bool = False
    seed: int = 0
    max_cases: int = _DEFAULT.max_cases
    thorough: bool = False
    max_examples: int = _DEFAULT.max_examples
    max_time: float | None = None
    max_response_time: float | None = None
    timeout: float = 10.0
    rate_limit: float | None = None
    insecure: bool = False
    root: Path = field(default_factory=Path.cwd)  # what relative paths start from

    def __post_init__(self) -> None:
        """
        Check the words.

        Raises:
            UsageError: a phase, mode or check is unknown, or a text is given for a list.
        """
        for name, known in _WORDS.items():
            given = getattr(self, name)
            wrong = [given] if isinstance(given, str) else [word for word in given if word not in known]
            if wrong:
                raise UsageError(f"{name} is a list of {', '.join(known)}; {wrong[0]!r} is none")

    @property
    def options(self) -> Options:
        """The options of the run."""
        chosen = frozenset(self.checks or CHECKS) - frozenset(self.exclude_checks)
        return Options(
            phases=tuple(self.phases),
            modes=tuple(self.modes),
            checks=chosen if self.checks or self.exclude_checks else frozenset(),
            mutating=self.mutating,
            seed=self.seed,
            max_examples=self.max_examples,
            max_cases=self.max_cases,
            thorough=self.thorough,
            max_time=self.max_time,
            max_response_time=self.max_response_time,
        )

    def identities(self, document: Document) -> tuple[Identity, Identity]:
        """
        Return the identity of requests, and a second one that must not see what belongs to the first.

        Raises:
            UsageError: credentials can't be read.
        """
        first = make_identity(tuple(self.headers), tuple(self.auth), document.schemes, os.environ)
        return first, make_identity(tuple(self.other_headers), tuple(self.other_auth), document.schemes, os.environ)

    def origin(self) -> str:
        """Return the origin of requests, for people."""
        if self.url is not None:
            return "/".join(self.url.split("/")[:3])
        return "http://app.invalid"

    def test(self, document: Document, entries: tuple[Entry, ...]) -> Report:
        """
        Test some operations.

        Raises:
            UsageError: something is set to what it can't be.
            TransportError: the API can't be reached.
        """
        if (self.url is None) == (self.app is None):
            raise UsageError("name who is tested: @pytest.mark.contract(url=…), or app=…, or case.check(url)")
        first, other = self.identities(document)
        api = make_api(document, base_path_of(self.url, document), self.seed)
        api.identity = first
        options = self.options
        if other.is_known:
            options = replace(options, other=other)
        if self.baseline is not None:
            known = read_baseline(self.root / self.baseline)
        else:
            known = frozenset()
        limits = AnswerLimits(seconds=self.timeout)
        if self.url is not None:
            sender = PacedSender(HttpSender(self.url, limits, verify=not self.insecure), self.rate_limit)
        else:
            app = load_app(self.app) if isinstance(self.app, str) else self.app
            sender = PacedSender(open_app(app, limits), self.rate_limit)
        try:
            run = Run(api, sender, options, Memory(document, api.router, api.base_path, self._given()))
            return Runner(run, entries, baseline=known).report()
        finally:
            sender.close()

    def _given(self) -> GivenValues:
        if self.values is None:
            return GivenValues()
        if isinstance(self.values, Mapping):
            lists = {name: _as_list(given) for name, given in self.values.items()}
            return GivenValues({name: tuple(items) for name, items in lists.items()})
        return read_values(self.root / self.values)


def _as_list(given: Any) -> Sequence[Any]:  # noqa: ANN401 - of a marker
    if isinstance(given, list | tuple):
        return given
    return (given,)


def make_target(root: Path, words: Mapping[str, Any]) -> TestTarget:
    """
    Read the keywords of a marker.

    Raises:
        UsageError: one is unknown.
    """
    unknown = [name for name in words if name not in TestTarget.__slots__ or name == "root"]
    if unknown:
        known = ", ".join(name for name in TestTarget.__slots__ if name != "root")
        raise UsageError(f"@pytest.mark.contract has no {unknown[0]!r}; it takes document, {known}")
    return TestTarget(root=root, **words)


_SAFE = frozenset(("GET", "HEAD", "OPTIONS"))
_MOST_SHOWN = 5  # findings of one test


class ContractWarning(UserWarning):
    """Something that is worth knowing of an API, and no error."""


@dataclass(eq=False, repr=False)
class Suite:
    """All tests of one document."""

    document: Document
    entries: tuple[Entry, ...]
    chosen: set[str] = field(default_factory=set)  # operations whose tests are to run; all where nobody said
    _tried: dict[tuple[str, str], Report | MockServerError] = field(default_factory=dict)

    def resource(self, entry: Entry) -> str:
        """Return the resource of an operation: the first segment that not all paths have."""
        shared = self._shared()
        return "/" + "/".join(entry.template.split("/")[1 : shared + 2])

    def _shared(self) -> int:
        """Return the number of segments that all paths begin with."""
        templates = {tuple(entry.template.split("/")[1:]) for entry in self.document.entries}
        if len(templates) < 2:  # noqa: PLR2004 - nothing to tell apart
            return 0
        columns = zip(*templates, strict=False)
        return next((index for index, column in enumerate(columns) if len(set(column)) > 1), 0)

    def report(self, entry: Entry, target: TestTarget) -> Report:
        """
        Return the report of an operation's resource, which is tested once.

        Raises:
            MockServerError: they can't be made.
        """
        key = (self.resource(entry), repr(target))
        if key not in self._tried:
            try:
                self._tried[key] = target.test(self.document, self.together(entry))
            except MockServerError as error:
                self._tried[key] = error
        tried = self._tried[key]
        if isinstance(tried, MockServerError):
            raise tried
        if tried.interrupted == "interrupted":
            raise KeyboardInterrupt
        return tried

    def together(self, entry: Entry) -> tuple[Entry, ...]:
        """Return the operations that are tried with one."""
        resource = self.resource(entry)
        wanted = self.chosen or {other.id for other in self.entries}
        return tuple(other for other in self.entries if other.id in wanted and self.resource(other) == resource)


@dataclass(eq=False)
class ContractCase:
    """One check of one operation: a test calls `check`."""

    suite: Suite = field(repr=False)
    entry: Entry = field(repr=False)
    name: str  # of the check: `status_code_conformance`
    words: dict[str, Any] = field(default_factory=dict, repr=False)  # of the marker
    root: Path = field(default_factory=Path.cwd, repr=False)
    notes: list[str] = field(default_factory=list, repr=False)  # what can't be said for certain

    @property
    def operation(self) -> str:
        """The operation's title: `GET /pets/{petId}`."""
        return self.entry.title

    @property
    def id(self) -> str:
        """The id of the test."""
        return f"{self.entry.title} {self.name}"

    def check(self, url: str | None = None, **words: Any) -> None:  # noqa: ANN401 - as the marker takes them
        """
        Fail the test if the API breaks the document in this way.

        Args:
            url: The base of the API, where no marker names it.
            words: The other keywords of the marker; these count over those.
        """
        try:
            target = make_target(
                self.root, {**self.words, **({"url": url, "app": None} if url is not None else {}), **words}
            )
            if self.entry.method not in _SAFE and not target.mutating:
                pytest.skip(f"{self.entry.method} is not sent without mutating=True")
            report = self.suite.report(self.entry, target)
        except MockServerError as error:
            pytest.fail(printable_lines(str(error)), pytrace=False)
        if self.entry.id in report.untestable:
            pytest.skip(f"{self.operation} can't be tested: {report.untestable[self.entry.id]}")
        self._judge(report, target)

    def _judge(self, report: Report, target: TestTarget) -> None:
        mine = [incident for incident in report.incidents if self._is_mine(incident) and not incident.accepted]
        frame = _frame(self.suite.document, target, mine)
        red = [incident for incident in mine if incident.is_red]
        if red:
            shown = [write_incident(incident, frame) for incident in red[:_MOST_SHOWN]]
            more = f"\n\n… and {len(red) - _MOST_SHOWN} more" if len(red) > _MOST_SHOWN else ""
            pytest.fail(
                f"{self.operation}: {CHECKS[self.name].sentence}\n\n" + "\n\n".join(shown) + more, pytrace=False
            )
        for incident in mine:
            text = write_incident(incident, frame)
            if incident.doubtful:
                self.notes.append(text)
            elif incident.finding.level is Level.WARNING:
                warnings.warn(text, ContractWarning, stacklevel=3)
        faults = [fault.message for fault in report.faults if fault.operation == self.entry.id]
        if faults:
            pytest.fail("\n".join(faults), pytrace=False)
        if report.unreached and self.name == "positive_data_acceptance":
            pytest.fail(f"{self.operation}: nothing was tested: {frame.mask.text(report.unreached)}", pytrace=False)
        for finding in report.warnings if self.name == "positive_data_acceptance" else ():
            if finding.operation == self.entry.id:
                warnings.warn(printable(frame.mask.text(finding.message)), ContractWarning, stacklevel=3)
        tested = next((tested for tested in report.operations if tested.id == self.entry.id), None)
        if report.interrupted or tested is None or not tested.sent:
            pytest.skip(report.interrupted or f"{self.operation}: no request could be made")
        if tested.why_skipped(self.name) and not mine:
            pytest.skip(f"{self.operation}: {tested.why_skipped(self.name)}")

    def _is_mine(self, incident: Incident) -> bool:
        """Return whether it is of this check and operation; of other resources, the first operation has them."""
        if incident.check != self.name:
            return False
        together = self.suite.together(self.entry)
        elsewhere = {entry.id for entry in together}.isdisjoint(incident.shown_by)
        return self.entry.id in incident.shown_by or (elsewhere and together[0] is self.entry)


def contract_cases(
    document: str | Path,
    *,
    include: Sequence[str] = (),
    exclude: Sequence[str] = (),
    checks: Sequence[str] = (),
    allow_remote: Sequence[str] = (),
    allow_path: Sequence[Path] = (),
    overlay: Sequence[str | Path] = (),
) -> list[Any]:
    """
    List the contract checks of a document, for `pytest.mark.parametrize`: in its order, each with an id of its own.

    Args:
        document: A path or URL.
        include: Patterns of operations: an operationId, `GET /pets*`, `tag:NAME`.
        exclude: Patterns of those to leave out.
        checks: Only these.
        allow_remote: Hosts that references may read from.
        allow_path: Folders that references may read from.
        overlay: Overlays that are applied to the document, in their order.

    Raises:
        UsageError: a check is unknown, or a pattern fits nothing.
        DocumentError: the document can't be read.
    """
    unknown = [name for name in checks if name not in CHECKS]
    if unknown:
        raise UsageError(f"there is no check {unknown[0]!r}; there are {', '.join(CHECKS)}")
    access = Access(folders=tuple(allow_path), hosts=frozenset(allow_remote))
    opened = read_documents([str(document)], access, tuple(map(Path, overlay)))[0]
    suite = Suite(opened, choose_entries(opened, include, exclude))
    return [
        pytest.param(case, id=case.id, marks=pytest.mark.xdist_group(f"contract {suite.resource(entry)}"))
        for entry in suite.entries
        for case in (ContractCase(suite, entry, check) for check in CHECKS if not checks or check in checks)
        if _applies(opened, case)
    ]


def write_incident(incident: Incident, frame: ReportContext) -> str:
    """Write a finding as lines: what, where, how often, both sides of the exchange, and how to send it again."""
    found = frame.describe(incident)
    if found["line"] is not None:
        where = f"{found['file']}:{found['line']}"
    else:
        where = str(found["file"] or "")
    before = found["before"]
    exchanges = [*(before if isinstance(before, list) else []), found["exchange"]]
    lines = [
        f"{found['message']} [{found['rule']}]",
        f"  {where} {found['pointer'] or ''}".rstrip(),
        f"  blame {found['blame']}, seen {found['seen']}, id {found['id']}",
        *(f"    {line}" for exchange in exchanges for line in iter_exchange(exchange)),
        f"  {found['curl']}",
    ]
    return "\n".join(printable_lines(printable(line)) for line in lines)


def bind(case: ContractCase, root: Path, words: Mapping[str, Any]) -> None:
    """Pass the arguments of a test's marker to its case."""
    case.root = root
    case.words = {name: value for name, value in words.items() if name not in {"document", "include", "exclude"}}
    case.notes.clear()


def _applies(document: Document, case: ContractCase) -> bool:
    """Return whether a check can find anything at all in an operation."""
    if case.name == "ignored_auth":
        return bool(document.operation(case.entry).security)
    return case.name != "callbacks" or bool(document.operation(case.entry).callbacks)


def _frame(document: Document, target: TestTarget, incidents: Sequence[Incident]) -> ReportContext:
    places = [incident.finding.place for incident in incidents if incident.finding.place is not None]
    positions = find_positions(places, document.library.loaded())
    frame = ReportContext(document.title, document.resource.name, target.origin(), target.seed, positions=positions)
    return replace(frame, mask=make_mask(target.identities(document), document))
