"""`mock-server test`: does a running API keep to its document?"""

import os
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

import typer

from mock_server.cli.configure import configure, read_subtable
from mock_server.cli.progress import show_progress
from mock_server.cli.show import choose_document, print_findings, require_format
from mock_server.cli.show_run import print_report, summarise
from mock_server.cli.terminal import say
from mock_server.contract.api import Api, make_api
from mock_server.contract.checks import Check
from mock_server.contract.checks.table import CHECKS
from mock_server.contract.hooks import Hooks, read_hooks
from mock_server.contract.knowledge.memory import GivenValues, Memory
from mock_server.contract.login.connect import ApiConnection, Connected, WantedLogins, connect
from mock_server.contract.replay import RecordedFinding, find_kept, keep, replay
from mock_server.contract.reports.formats import REPORTS, record_run, render_report
from mock_server.contract.reports.history import FILE as HISTORY
from mock_server.contract.reports.history import note_run
from mock_server.contract.reports.pytest_module import FINDINGS, TESTS, save_fixtures, save_tests
from mock_server.contract.reports.report import ReportContext
from mock_server.contract.reports.shell import Shell, find_creations, find_stand_ins
from mock_server.contract.run import Options, Run
from mock_server.contract.runner import MODES, PHASES, Report, Runner
from mock_server.contract.scope import (
    base_path_of,
    choose_entries,
    choose_shard,
    join_values,
    read_baseline,
    read_values,
    write_baseline,
)
from mock_server.contract.transport.http import AnswerLimits, Received, make_tls
from mock_server.contract.transport.listener import Listener
from mock_server.contract.transport.paced import PacedSender
from mock_server.contract.tuning import tune
from mock_server.contract.workflows.model import WorkflowDocument
from mock_server.contract.workflows.parse import read_workflows
from mock_server.contract.workflows.play import CHECK
from mock_server.contract.workflows.write import write_workflows
from mock_server.document.document import Document
from mock_server.document.load import LoadedResource, read_resource
from mock_server.document.model import Entry
from mock_server.document.positions import find_positions
from mock_server.document.read import read_document
from mock_server.errors import DocumentError, UsageError
from mock_server.exchange.message import Request
from mock_server.exchange.secrets.mask import Mask
from mock_server.files import find_escape, write_file
from mock_server.json_values import JsonObject
from mock_server.judges.identity import make_identity, make_mask
from mock_server.server.user_code import load_code
from mock_server.settings.contract import TestedOperation, read_logins, read_operations

STATE = Path(".mock-server")


def run_contract(
    *,
    url: str | None,
    document: str | None,
    app_: str | None,
    phases: str,
    mode: str,
    checks: str,
    exclude_checks: str,
    include: list[str] | None,
    exclude: list[str] | None,
    mutating: bool,
    allow_bulk_delete: bool,
    seed: int | None,
    max_cases: int,
    thorough: bool,
    max_examples: int,
    max_time: float | None,
    timeout: float,
    max_response_time: float | None,
    rate_limit: str | None,
    wait: float | None,
    shard: str | None,
    workers: int,
    header: list[str] | None,
    auth: list[str] | None,
    other_header: list[str] | None,
    other_auth: list[str] | None,
    hooks: str | None,
    values: Path | None,
    listen: str | None,
    listen_url: str | None,
    baseline: Path | None,
    write_baseline_: Path | None,
    workflow: Path | None,
    write_workflows_: Path | None,
    save_fixtures_: Path | None,
    findings: Path | None,
    replay_: str | None,
    min_coverage: float,
    min_depth: float,
    allow_unreached: list[str] | None,
    report: list[str] | None,
    format_: str,
    locale: str | None,
    insecure: bool,
    cert: Path | None,
    key: Path | None,
    ca: Path | None,
    overlay: list[Path] | None,
    allow_remote: list[str] | None,
    allow_path: list[Path] | None,
    **login: object,
) -> None:
    """Do what the command says; the arguments are its flags."""
    require_format(format_)
    url, document = _read_arguments(app_, url, document)
    _prepare_folder()
    reading = {"overlay": overlay, "allow_remote": allow_remote, "allow_path": allow_path}
    settings = configure({"seed": seed, "locale": locale, **reading})
    where = choose_document(document)
    opened = read_document(where, settings)
    print_findings(opened.overlay_findings, "text", read=opened.library.loaded(), stream=sys.stderr)
    api = make_api(opened, base_path_of(url, opened), settings.seed, settings.locale, settings.fields)
    api.identity = make_identity(tuple(header or ()), tuple(auth or ()), opened.schemes, os.environ)
    other = make_identity(tuple(other_header or ()), tuple(other_auth or ()), opened.schemes, os.environ)
    own, played = _hooks(hooks), _read_workflow(workflow)
    extra = {**own.rows, **played.checks}
    tables = read_operations(read_subtable("test", "operations"))
    options = Options(
        hooks=own,
        extra=extra,
        tuning=tune(opened, tables, (*CHECKS, *extra), datetime.now(UTC).date()),
        phases=_words("--phases", phases, PHASES) if played.document is None else (),
        modes=_words("--mode", mode, MODES),
        checks=_checks(checks, exclude_checks, extra),
        mutating=mutating,
        allow_bulk_delete=allow_bulk_delete,
        allow_unreached=_allowed(opened, allow_unreached or ()),
        seed=settings.seed,
        max_examples=max_examples,
        max_cases=max_cases,
        thorough=thorough,
        workers=workers,
        max_time=max_time,
        max_response_time=max_response_time,
    )
    reports = read_reports(report or [])
    known = read_baseline(baseline) if baseline is not None else frozenset()
    given = join_values(read_values(values) if values is not None else GivenValues(), opened, tables)
    entries = choose_entries(opened, include or (), exclude or ())
    chosen = choose_shard(entries, shard) if shard is not None else entries
    connection = ApiConnection(
        app=app_,
        url=url,
        base_path=api.base_path,
        limits=AnswerLimits(seconds=timeout),
        tls=make_tls(verify=not insecure, cert=cert, key=key, ca=ca),
        workers=workers,
        rate_limit=rate_limit,
        wait=wait,
        hooks=own,
    )
    wanted = _wanted_logins(login, tables)
    with connect(connection, opened, wanted, api.identity, other) as connected:
        api.identity, api.reveal = connected.first, connected.logins.reveal
        frame = _Framing(opened, connected, settings.seed, played.resources, _list_secrets(wanted, header, auth))
        if replay_ is not None:
            kept = find_kept(findings or STATE / FINDINGS, replay_)
            _replay(kept, api, connected.sender, frame, {**CHECKS, **extra}, mutating=mutating)
            return
        options = replace(options, other=connected.other if connected.other.is_known else None)
        with _listener(listen, listen_url) as listener:
            memory = Memory(opened, api.router, api.base_path, given)
            run = Run(api, connected.sender, options, memory, listener)
            connected.sender.sleep = run.pause
            scouts = _choose_scouts(entries, chosen)
            ran = _run(run, Runner(run, chosen, baseline=known, workflows=played.document, scouts=scouts))
        for failure in connected.logins.failures:
            say(f"warning: {frame.mask.text(failure)}; the requests after that were not logged in", to=sys.stderr)
    _finish(ran, frame, options, reports, format_, write_baseline_)
    if save_fixtures_ is not None:
        switches = {"--insecure": insecure, "--mutating": mutating, "--thorough": thorough}
        switches["--allow-bulk-delete"] = allow_bulk_delete
        flags = [*_named("--header", header), *_named("--auth", auth), "--phases", phases, "--mode", mode]
        flags += ["--seed", str(settings.seed), *(flag for flag, is_on in switches.items() if is_on)]
        _save(save_fixtures_, ran, api, frame.mask, app_ or url or "", where, flags)
    if write_workflows_ is not None:
        base = frame.origin + api.base_path
        write_report(write_workflows_, write_workflows(ran.exchanges, opened, where or base, frame.mask))
    code = ran.exit_code or _fall_short(ran, min_coverage, min_depth)
    if code:
        raise typer.Exit(code)


class _Played(NamedTuple):
    """The workflows that are played in place of the phases."""

    document: WorkflowDocument | None = None
    resources: tuple[LoadedResource, ...] = ()
    checks: Mapping[str, Check] = MappingProxyType({})


def _read_workflow(path: Path | None) -> _Played:
    if path is None:
        return _Played()
    try:
        resource = read_resource(path)
    except DocumentError as error:
        raise UsageError(str(error)) from error
    return _Played(read_workflows(resource), (resource,), {CHECK.name: CHECK})


def _fall_short(ran: Report, min_coverage: float, min_depth: float) -> int:
    """Say what is less than was demanded; gives 1 where something is."""
    reached, there = ran.depth
    share = 100.0 * reached / there if there else 100.0
    if share < min_depth:
        say(f"{share:.1f} % of the operations were reached, less than {min_depth:g} %", to=sys.stderr)
    if ran.exercised.percent < min_coverage:
        say(f"{ran.exercised.percent:.1f} % of the contract was exercised, less than {min_coverage:g} %", to=sys.stderr)
    return int(share < min_depth or ran.exercised.percent < min_coverage)


def _allowed(document: Document, patterns: Sequence[str]) -> frozenset[str]:
    """Return the ids of the operations that may stay unreached."""
    if not patterns:
        return frozenset()
    return frozenset(entry.id for entry in choose_entries(document, patterns, ()))


class _Framing:
    """Makes the frame of reports once the findings, and so the places to look up, are known."""

    def __init__(
        self,
        document: Document,
        connected: Connected,
        seed: int,
        others: tuple[LoadedResource, ...] = (),
        secrets: Sequence[str] = (),
    ) -> None:
        self._secrets = secrets  # as the user gave them, with variables
        self._others = others  # files that findings may be about
        self.document, self.origin, self.seed = document, connected.sender.origin, seed
        self._logins = connected.logins
        self._mask = make_mask((connected.first, connected.other), document)
        self.started = time.time()

    @property
    def mask(self) -> Mask:
        """The mask of all secrets that were given or sent until now."""
        return self._mask.knowing(self._logins.secrets)

    def around(self, ran: Report) -> ReportContext:
        places = [incident.finding.place for incident in ran.incidents if incident.finding.place is not None]
        places += [exercise.place for exercise in ran.operations if exercise.place is not None]
        positions = find_positions(places, (*self.document.library.loaded(), *self._others))
        moment = datetime.fromtimestamp(self.started, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
        stand_ins = {**find_stand_ins(self._secrets, os.environ), **self._logins.variables}
        shell = Shell(stand_ins, find_creations(ran.exchanges))
        name = self.document.resource.name
        tags = {entry.title: entry.tags for entry in self.document.entries}
        origin, seed, title = self.origin, self.seed, self.document.title
        return ReportContext(title, name, origin, seed, self.mask, positions, moment, shell, tags)


def _wanted_logins(flags: Mapping[str, object], tables: Mapping[str, TestedOperation]) -> WantedLogins:
    """Read the logins of the settings file, and the one that flags describe."""
    given = {name.removeprefix("auth_"): value for name, value in flags.items() if value is not None}
    return WantedLogins(read_logins({**read_subtable("test", "auth"), **given}), tables, os.environ)


def _list_secrets(wanted: WantedLogins, header: list[str] | None, auth: list[str] | None) -> list[str]:
    """List the credentials as the user gave them: with the variables that they come from."""
    fixed = [login.value for login in wanted.logins.values() if login.value is not None]
    fields = [text.partition(":")[2].strip() for text in header or ()]
    keys = [text.partition("=")[2] or text for text in auth or ()]
    return [*fixed, *fields, *(text.partition(" ")[2] for text in fields), *keys]


def _choose_scouts(entries: Sequence[Entry], own: Sequence[Entry]) -> tuple[Entry, ...]:
    """Choose the operations of other shards that teach what exists."""
    return tuple(entry for entry in entries if entry.method == "GET" and entry not in own)


def _read_arguments(app_: str | None, url: str | None, document: str | None) -> tuple[str | None, str | None]:
    """Distinguish the URL from the document: with --app, the first argument is the document."""
    if app_ is not None and url is not None and document is None and not url.startswith(("http://", "https://")):
        url, document = None, url
    if (app_ is None) == (url is None) and app_ is None:
        raise UsageError(
            "name the URL of the API, as in mock-server test http://127.0.0.1:8000, "
            "or an application with --app module:attribute"
        )
    if url is not None and "://" not in url and Path(url).is_file():
        raise UsageError(
            f"{url} is a document; the URL of the API comes first: mock-server test http://127.0.0.1:8000 {url}"
        )
    return url, document


def _prepare_folder() -> None:
    """Say where Hypothesis may write."""
    storage = STATE / "hypothesis"
    if find_escape(storage, [Path.cwd().resolve()]) is not None:
        raise UsageError(f"{STATE} leads outside of this folder, and findings would be written there: remove the link")
    os.environ.setdefault("HYPOTHESIS_STORAGE_DIRECTORY", str(storage))  # not a folder of its own


def _run(run: Run, runner: Runner) -> Report:
    with show_progress() as show:
        runner.progress = lambda done, total, what: show(done, total, f"{what} ({run.sent} requests)")
        return runner.report()


def _listener(where: str | None, url: str | None) -> AbstractContextManager[Listener | None]:
    if where is None:
        if url is not None:
            raise UsageError("--listen-url says how --listen is reached: give both")
        return nullcontext()
    host, colon, port = where.rpartition(":")
    if not colon or not port.isdigit():
        raise UsageError(f"--listen is HOST:PORT, as in 0.0.0.0:9000; not {where!r}")
    return Listener(host.strip("[]") or "127.0.0.1", int(port), url)


def _words(flag: str, text: str, known: tuple[str, ...]) -> tuple[str, ...]:
    words = tuple(word.strip() for word in text.split(",") if word.strip())
    unknown = [word for word in words if word not in known]
    if unknown or not words:
        raise UsageError(f"{flag} is a list of {', '.join(known)}" + (f"; {unknown[0]!r} is none" if unknown else ""))
    return words


def _hooks(where: str | None) -> Hooks:
    if where is None:
        return Hooks()
    return read_hooks(where, load_code(where, Path.cwd(), flag="--hooks").functions, CHECKS)


def _checks(only: str, without: str, own: Mapping[str, Check]) -> frozenset[str]:
    known = (*CHECKS, *own)
    if not only and not without and not own:
        return frozenset()
    if only:
        chosen = set(_words("--checks", only, known))
    else:
        chosen = set(known)
    return frozenset(chosen - (set(_words("--exclude-checks", without, known)) if without else set()))


def read_reports(wanted: list[str]) -> dict[str, Path]:
    """
    Read which reports are written, and where.

    Raises:
        UsageError: one is none.
    """
    found: dict[str, Path] = {}
    for item in ",".join(wanted).split(",") if wanted else ():
        name, equals, path = item.partition("=")
        if name not in REPORTS or not equals or not path:
            raise UsageError(f"--report is NAME=PATH, with a name of {', '.join(REPORTS)}; not {item!r}")
        found[name] = Path(path)
    return found


def _finish(
    ran: Report,
    framing: _Framing,
    options: Options,
    reports: Mapping[str, Path],
    format_: str,
    new_baseline: Path | None,
) -> None:
    frame = framing.around(ran)
    frame = replace(frame, history=_note_run(ran, frame))
    recorded = record_run(ran, frame, options.checks)
    summary = os.environ.get("GITHUB_STEP_SUMMARY")
    if summary and "markdown" not in reports:
        with Path(summary).open("ab") as file:
            file.write(render_report("markdown", recorded))
    for name, path in reports.items():
        write_report(path, render_report(name, recorded))
    if new_baseline is not None:
        count = write_baseline(new_baseline, ran.incidents, frame.mask)
        say(f"{new_baseline}: a baseline of {count} findings", to=sys.stderr)
    if ran.incidents:
        keep(STATE / FINDINGS, ran.incidents, frame.mask)
    print_report(ran, frame, format_)
    summarise(ran, frame)


def _note_run(ran: Report, frame: ReportContext) -> tuple[JsonObject, ...]:
    """Add a run to the history of this folder."""
    try:
        STATE.mkdir(exist_ok=True)
        write_file(STATE / ".gitignore", b"*\n")
        return note_run(STATE / HISTORY, ran, frame.title, frame.started)
    except OSError as error:
        say(f"warning: {STATE} can't be written: {error.strerror}", to=sys.stderr)
        return ()


def _save(folder: Path, ran: Report, api: Api, mask: Mask, url: str, document: str, flags: list[str]) -> None:
    """Keep what was found: as fixtures, and as tests."""
    judges = {
        entry.id: subject.responses
        for entry in api.document.entries
        if (subject := api.subject(entry, lambda parameter: ()))
    }
    kept = [incident for incident in ran.incidents if not incident.doubtful]
    try:
        count = save_fixtures(folder, kept, judges, mask)
        save_tests(folder, kept, mask, url, document, flags)
    except OSError as error:
        raise UsageError(f"{folder} can't be written: {error.strerror}") from error
    say(f"{folder}: {count} answers as fixtures, {len(kept)} findings to send again in {TESTS}", to=sys.stderr)


def _named(flag: str, given: list[str] | None) -> list[str]:
    """
    Return a flag as it was given, where it takes its secret from the environment.

    A secret itself is not written down.
    """
    return [word for value in given or () if "${" in value for word in (flag, value)]


def write_report(path: Path, data: bytes) -> None:
    """
    Write a report.

    Raises:
        UsageError: its file can't be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_file(path, data)
    except OSError as error:
        raise UsageError(f"{path} can't be written: {error.strerror}") from error


def _replay(
    kept: RecordedFinding,
    api: Api,
    sender: PacedSender,
    framing: _Framing,
    checks: Mapping[str, Check],
    *,
    mutating: bool,
) -> None:
    """Send a finding again, and say whether it is still there."""
    mask, origin = framing.mask, framing.mask.url(sender.origin)

    def show(request: Request, received: Received) -> None:
        shown, answered, _ = mask.exchange(request, received.response)
        say(f"> {shown.method} {origin}{shown.target}")
        if shown.body:
            say(f"  {shown.body.decode('utf-8', 'replace')[:2000]}")
        if answered is None:
            say(f"< {received.fault.value if received.fault else ''}")
            return
        say(f"< {answered.status}")
        if answered.body:
            say(f"  {answered.body.decode('utf-8', 'replace')[:2000]}")

    say(f"{kept.check}: {kept.message}")
    replayed = replay(kept, api, sender, show, mutating=mutating, checks=checks)
    if replayed.still:
        say(f"it is still there: {mask.text(replayed.message)}", to=sys.stderr)
        raise typer.Exit(1)
    say(f"it is gone; the status was {kept.status} and is {replayed.status}", to=sys.stderr)
