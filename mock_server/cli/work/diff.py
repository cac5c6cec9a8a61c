"""`mock-server diff`: who breaks when one document takes the place of another."""

import os
import sys
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, NamedTuple

import typer

from mock_server.cli.configure import configure
from mock_server.cli.progress import show_progress
from mock_server.cli.terminal import count_noun, say
from mock_server.cli.work.git_files import parse_git_source, write_git_files
from mock_server.diff.baseline import AcceptedChange, accept_known, find_expired, read_accepted, write_accepted
from mock_server.diff.compare import compare_documents
from mock_server.diff.fixtures import save_witnesses
from mock_server.diff.model import ComparedDocuments, DiffVerdict
from mock_server.diff.policy import MessagePolicy
from mock_server.diff.report import DIFF_FORMATS, ComparisonReport
from mock_server.diff.whom import HurtFinder
from mock_server.document.document import Document
from mock_server.document.positions import find_positions
from mock_server.document.read import read_document
from mock_server.errors import UsageError
from mock_server.exchange.message import Response
from mock_server.files import folder_name, write_file
from mock_server.findings import RULES, Level
from mock_server.generate.engine import Engine
from mock_server.respond.fixtures import load_fixtures
from mock_server.respond.responder import Responder
from mock_server.settings import Settings

_LEVELS: Final = {"error": Level.ERROR, "warning": Level.WARNING, "note": Level.NOTE}
_OF_GIT: Final = 5  # arguments that git passes to a diff driver beyond two
_DOCUMENTS: Final = (".yaml", ".yml", ".json")
_EMPTY: Final = b'{"openapi": "3.1.0", "info": {"title": "", "version": ""}, "paths": {}}'


class _Source(NamedTuple):
    """A document that was named."""

    path: str  # to be read: a path, a URL, or `-`
    shown: str  # as the user named it


@dataclass(frozen=True, slots=True, kw_only=True)
class _DiffOptions:
    """The flags, read."""

    settings: Settings
    policy: MessagePolicy
    levels: Mapping[str, Level]
    off: frozenset[str]  # rules that are passed over
    known: tuple[AcceptedChange, ...]
    today: date
    traffic: Sequence[str]
    consumers: Sequence[Path]


def diff(
    *,
    old: str,
    new: str,
    of_git: list[str] | None,
    format_: str,
    report: list[str] | None,
    fail_on: str,
    severity: list[str] | None,
    baseline: Path | None,
    write_baseline: Path | None,
    save_fixtures: Path | None,
    open_world: bool,
    closed: bool,
    traffic: list[str] | None,
    consumer: list[Path] | None,
    overlay: list[Path] | None,
    allow_remote: list[str] | None,
    allow_path: list[Path] | None,
) -> None:
    """Do what the command says; the arguments are its flags."""
    if format_ not in DIFF_FORMATS:
        raise UsageError(f"--format is one of {', '.join(DIFF_FORMATS)}, not {format_!r}")
    if fail_on not in {*_LEVELS, "never"}:
        raise UsageError(f"--fail-on is one of {', '.join(_LEVELS)}, never, not {fail_on!r}")
    reports = _read_reports(report or [])
    settings = configure(
        {"overlay": overlay or None, "allow_remote": allow_remote or None, "allow_path": allow_path or None}
    )
    levels, off = _read_severities(severity or [])
    options = _DiffOptions(
        settings=settings,
        policy=MessagePolicy(open_world=open_world, closed=closed),
        levels=levels,
        off=off,
        known=read_accepted(baseline) if baseline is not None else (),
        today=date.today(),  # noqa: DTZ011 - days are announced without a zone
        traffic=traffic or (),
        consumers=consumer or (),
    )
    is_driver = bool(of_git)
    if of_git:
        old, new = _read_driver(old, new, of_git)
    with TemporaryDirectory(prefix="mock-server-") as folder:
        done = [_compare(pair, options) for pair in _pair_sources(old, new, Path(folder))]
        for each in done:
            sys.stdout.write(DIFF_FORMATS[format_].render(each))
            sys.stdout.flush()
            for name, path in reports.items():
                _write(_numbered(path, done.index(each)), DIFF_FORMATS[name].render(each))
            _summarise(each.compared, options)
    failing = [change for each in done for change in each.compared.changes if _fails(change.level, fail_on)]
    if write_baseline is not None:
        count = write_accepted(write_baseline, failing)
        say(f"{write_baseline}: a baseline of {count_noun(count, 'change')}", to=sys.stderr)
    if save_fixtures is not None:
        changes = [change for each in done for change in each.compared.changes]
        say(f"{save_fixtures}: {count_noun(save_witnesses(save_fixtures, changes), 'fixture')}", to=sys.stderr)
    if failing and not is_driver:
        raise typer.Exit(1)


def _fails(level: Level, fail_on: str) -> bool:
    return fail_on != "never" and level >= _LEVELS[fail_on]


def _read_driver(path: str, old_file: str, rest: Sequence[str]) -> tuple[str, str]:
    """Read what git passes to a diff driver: path, old file, hex, mode, new file, hex, mode."""
    if len(rest) != _OF_GIT:
        raise UsageError("diff takes two documents: OLD and NEW")
    new_file = rest[2]
    if os.devnull in {old_file, new_file}:
        say(f"{path} is {'new' if old_file == os.devnull else 'gone'}")
        raise typer.Exit(0)
    return old_file, new_file


def _read_reports(wanted: Sequence[str]) -> dict[str, Path]:
    found: dict[str, Path] = {}
    for item in ",".join(wanted).split(",") if wanted else ():
        name, equals, path = item.partition("=")
        if name not in DIFF_FORMATS or not equals or not path:
            raise UsageError(f"--report is NAME=PATH, with a name of {', '.join(DIFF_FORMATS)}; not {item!r}")
        found[name] = Path(path)
    return found


def _read_severities(given: Sequence[str]) -> tuple[dict[str, Level], frozenset[str]]:
    levels: dict[str, Level] = {}
    off: set[str] = set()
    known = [rule for rule in RULES if rule.startswith("diff-")]
    for item in given:
        rule, _, level = item.partition("=")
        if rule not in known or level not in {*_LEVELS, "off"}:
            message = f"--severity is RULE=LEVEL, with a rule that begins with diff- and {', '.join(_LEVELS)} or off"
            raise UsageError(f"{message}; not {item!r}")
        if level == "off":
            off.add(rule)
        else:
            levels[rule] = _LEVELS[level]
    return levels, frozenset(off)


def _pair_sources(old: str, new: str, folder: Path) -> Iterator[tuple[_Source, _Source]]:
    """Yield the documents to compare: two, or those of two folders by their paths."""
    if not (Path(old).is_dir() and Path(new).is_dir()):
        yield _find_source(old, folder / "old"), _find_source(new, folder / "new")
        return
    before, after = _find_documents(Path(old)), _find_documents(Path(new))
    if not before and not after:
        raise UsageError(f"there is no document in {old} or {new}")
    empty = folder / "empty.json"
    empty.write_bytes(_EMPTY)
    for name in sorted({*before, *after}):
        pair = [
            _Source(str(found[name]), str(found[name])) if name in found else _Source(str(empty), f"no {name}")
            for found in (before, after)
        ]
        yield pair[0], pair[1]


def _find_documents(folder: Path) -> dict[str, Path]:
    """Find the OpenAPI documents in a folder, by their paths in it; other files are parts of them."""
    found: dict[str, Path] = {}
    for path in sorted(folder.rglob("*")):
        if path.suffix not in _DOCUMENTS or not path.is_file() or path.is_symlink():
            continue
        with path.open("rb") as file:
            head = file.read(4096)
        if b"openapi" in head or b"swagger" in head:
            found[path.relative_to(folder).as_posix()] = path
    return found


def _find_source(where: str, folder: Path) -> _Source:
    source = parse_git_source(where)
    if source is None:
        return _Source(where, where)
    ref, path = source
    return _Source(str(write_git_files(ref, path, folder)), where)


def _compare(pair: tuple[_Source, _Source], options: _DiffOptions) -> ComparisonReport:
    old, new = (_read(source, options.settings) for source in pair)
    with show_progress() as show:
        compared = compare_documents(
            old,
            new,
            options.settings,
            policy=options.policy,
            levels=options.levels,
            today=options.today,
            progress=show,
        )
    if options.traffic or options.consumers:
        compared = _find_hurt(compared, options)
    compared = replace(compared, changes=tuple(c for c in compared.changes if c.rule not in options.off))
    compared = accept_known(compared, options.known, options.today)
    places = [
        place
        for change in (*compared.changes, *compared.accepted)
        for place in (change.old, change.new)
        if place is not None
    ]
    read = (*old.library.loaded(), *new.library.loaded())
    names = {old.resource.name: pair[0].shown, new.resource.name: pair[1].shown}
    return ComparisonReport(compared, find_positions(places, read), lambda name: names.get(name, name))


def _read(source: _Source, settings: Settings) -> Document:
    """Read a document; one of git lies in a folder with all that it refers to."""
    if source.path != source.shown:
        settings = replace(settings, project=None)
    return read_document(source.path, settings)


def _find_hurt(compared: ComparedDocuments, options: _DiffOptions) -> ComparedDocuments:
    """Find whom the changes hurt, and say what of the traffic says nothing."""
    finder = HurtFinder(compared, options.settings)
    for path in options.consumers:
        finder.take_consumer(path)
    known = {folder_name(name) for entry in compared.old.entries for name in (entry.id, entry.title)}
    fixtures = [where for where in options.traffic if _holds_fixtures(Path(where), known)]
    for where in fixtures:
        _take_fixtures(finder, Path(where), options.settings)
    finder.take_traffic([where for where in options.traffic if where not in fixtures])
    for file, count in finder.unread.items():
        if count:
            say(f"{file}: {count_noun(count, 'record')} could not be read", to=sys.stderr)
    for file, count in finder.foreign.items():
        say(f"{file}: {count_noun(count, 'exchange')} of nothing that the old document has", to=sys.stderr)
    for file, count in finder.unjudged.items():
        if count:
            exchanges = count_noun(count, "exchange")
            say(f"{file}: {exchanges} could not be judged: the changes may hurt whom they do not name", to=sys.stderr)
    return finder.result()


def _holds_fixtures(folder: Path, known: Collection[str]) -> bool:
    """Return whether a folder is one of fixtures: it has a folder with the name of an operation."""
    return folder.is_dir() and any(child.is_dir() and child.name in known for child in folder.iterdir())


def _take_fixtures(finder: HurtFinder, folder: Path, settings: Settings) -> None:
    """Take the answers of fixtures in; those that are templates depend on requests, and say nothing."""
    responder = Responder(Engine(finder.compared.old, settings))
    fixtures = load_fixtures(folder, finder.compared.old, responder.judge_of, responder.kit.pools)
    for operation, stored in fixtures.by_operation.items():
        for fixture in stored:
            if not fixture.stored.is_template:
                written = fixture.stored.written
                finder.take_answer(folder.name, operation, Response(fixture.status, written.fields, written.body))


def _numbered(path: Path, index: int) -> Path:
    """Return the path of a report; those of further documents have a number."""
    return path if index == 0 else path.with_stem(f"{path.stem}-{index + 1}")


def _write(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_file(path, text.encode())
    except OSError as error:
        raise UsageError(f"{path} can't be written: {error.strerror}") from error


def _summarise(compared: ComparedDocuments, options: _DiffOptions) -> None:
    for each in find_expired(compared, options.known, options.today):
        why = f" ({each.reason})" if each.reason else ""
        say(f"{each.id} was accepted until {each.until}{why}, and is still there", to=sys.stderr)
    counts = compared.count()
    words = ", ".join(f"{counts[verdict]} {verdict.value}" for verdict in DiffVerdict if counts[verdict])
    accepted = f", {len(compared.accepted)} accepted by the baseline" if compared.accepted else ""
    operations = count_noun(compared.operations, "operation")
    say(f"{operations}: {words or 'nothing that anybody has to know'}{accepted}", to=sys.stderr)
