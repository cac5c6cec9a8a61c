"""`mock-server diff`: who breaks when one document takes the place of another."""

import sys
from pathlib import Path

import typer

from mock_server.cli.configure import configure
from mock_server.cli.terminal import count_noun, say
from mock_server.diff.compare import compare_documents
from mock_server.diff.model import ComparedDocuments, DiffVerdict, DocumentChange
from mock_server.diff.policy import MessagePolicy
from mock_server.diff.whom import HurtFinder
from mock_server.document.positions import Position, find_positions
from mock_server.document.read import read_document
from mock_server.findings import Level, Place
from mock_server.json_values import format_pointer
from mock_server.settings import Settings


def diff(
    *,
    old: str,
    new: str,
    format_: str,
    open_world: bool,
    closed: bool,
    traffic: list[str] | None,
    consumer: list[Path] | None,
    allow_remote: list[str] | None,
    allow_path: list[Path] | None,
) -> None:
    """Do what the command says; the arguments are its flags."""
    settings = configure({"allow_remote": allow_remote, "allow_path": allow_path})
    before, after = read_document(old, settings), read_document(new, settings)
    policy = MessagePolicy(open_world=open_world, closed=closed)
    compared = compare_documents(before, after, settings, policy=policy)
    if traffic or consumer:
        compared = _find_hurt(compared, settings, traffic or [], consumer or [])
    _print(compared)
    if any(change.level is Level.ERROR for change in compared.changes):
        raise typer.Exit(1)


def _find_hurt(
    compared: ComparedDocuments, settings: Settings, traffic: list[str], consumers: list[Path]
) -> ComparedDocuments:
    """Find whom the changes hurt, and say what of the traffic says nothing."""
    finder = HurtFinder(compared, settings)
    for path in consumers:
        finder.take_consumer(path)
    finder.take_traffic(traffic)
    for file, count in finder.unread.items():
        if count:
            say(f"{file}: {count_noun(count, 'record')} could not be read", to=sys.stderr)
    for file, count in finder.foreign.items():
        say(f"{file}: {count_noun(count, 'exchange')} of nothing that the old document has", to=sys.stderr)
    return finder.result()


def _print(compared: ComparedDocuments) -> None:
    places = [place for change in compared.changes for place in (change.old, change.new) if place is not None]
    read = (*compared.old.library.loaded(), *compared.new.library.loaded())
    lines = find_positions(places, read)
    for change in compared.changes:
        say(f"{change.verdict.value}: {change.place.title} {_where(change)}: {change.message} [{change.rule}]")
        for place in (change.old, change.new):
            if place is not None:
                say(f"    {_at(place, lines)}")
        if change.whom:
            say(f"    {change.whom}")
        if change.witness is not None:
            if change.witness.curl:
                say(f"    {change.witness.curl}")
            if change.witness.response is not None:
                say(f"    < {change.witness.response.status} {change.witness.response.body.decode('utf-8', 'replace')}")
            for reason in change.witness.reasons[:2]:
                say(f"    ! {reason}")
    counted = compared.count()
    say(", ".join(f"{counted[verdict]} {verdict.value}" for verdict in DiffVerdict if counted[verdict]), to=sys.stderr)


def _where(change: DocumentChange) -> str:
    direction = change.place.direction.value if change.place.direction is not None else ""
    return f"{direction} {format_pointer((*change.place.part, *change.inside))}".strip()


def _at(place: Place, lines: dict[Place, Position]) -> str:
    return f"{lines[place]} {format_pointer(place.pointer)}"
