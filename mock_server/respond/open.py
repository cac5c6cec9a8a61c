"""Opening documents for use: which ones, with which fixtures and scenarios, under which base paths."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from mock_server.document.default import default_document
from mock_server.document.document import Document
from mock_server.document.load import STDIN
from mock_server.document.model import Entry
from mock_server.document.read import access_of, read_documents
from mock_server.errors import FixtureError, UsageError
from mock_server.exchange.router import Router
from mock_server.files import find_escape, folder_name
from mock_server.findings import Finding
from mock_server.generate.engine import Engine
from mock_server.respond.fixtures import load_fixtures
from mock_server.respond.responder import Responder
from mock_server.respond.scenarios import NO_SCENARIOS, Player, Scenarios, load_scenarios
from mock_server.settings import Settings


@dataclass(frozen=True, slots=True)
class OpenedDocument:
    """A document, ready to answer, and what was passed over on the way."""

    responder: Responder
    fixtures_from: Path | None
    warnings: tuple[Finding, ...] = ()
    where: str = ""  # a path, a URL or `-`
    scenarios: Scenarios = NO_SCENARIOS
    scenarios_from: Path | None = None

    @property
    def document(self) -> Document:
        """The opened document."""
        return self.responder.document


def open_responder(where: str | None, settings: Settings, *, judge_fixtures: bool = True) -> OpenedDocument:
    """
    Open a document, its fixtures and its scenarios.

    Args:
        where: A path, a URL or `-`; None for the default document.
        settings: Decide what may be read and how to answer.
        judge_fixtures: Refuse wrong fixtures and scenarios; else they are left out, and listed with them.

    Raises:
        DocumentError: the document can't be read or is none.
        FixtureError: fixtures or scenarios break the document.
        UsageError: the folder of fixtures or scenarios does not exist, or the locale is unknown.
    """
    return open_responders([where or default_document()], settings, judge_fixtures=judge_fixtures)[0]


def open_responders(wheres: Sequence[str], settings: Settings, *, judge_fixtures: bool = True) -> list[OpenedDocument]:
    """
    Open several documents, each with the fixtures and scenarios next to it.

    Args:
        wheres: Paths, URLs or `-`.
        settings: Of all of them; one base path holds for all, several belong to one document each, in their order.
        judge_fixtures: See `open_responder`.

    Raises:
        DocumentError: a document can't be read or is none.
        FixtureError: fixtures or scenarios break their document, or belong to none.
        UsageError: a folder of fixtures or scenarios does not exist, the locale is unknown, or there are too many or
            too few base paths.
    """
    bases = settings.base_path
    if len(bases) > 1 and len(bases) != len(wheres):
        count = f"{len(bases)} base paths for {len(wheres)} document{'s' if len(wheres) != 1 else ''}"
        raise UsageError(f"{count}: give --base-path once, for all of them, or once for each document, in their order")
    documents = read_documents(wheres, access_of(settings), settings.overlay)
    known = frozenset(name for document in documents for entry in document.entries for name in (entry.id, entry.title))
    opened = []
    for index, (where, document) in enumerate(zip(wheres, documents, strict=True)):
        own = replace(settings, base_path=bases[index : index + 1]) if len(bases) > 1 else settings
        opened.append(_open(where, document, own, known, judge_fixtures=judge_fixtures))
    return opened


def find_conflicts(opened: Sequence[OpenedDocument]) -> list[Finding]:
    """
    Find the operations of different documents that the same requests ask for.

    The longer base path answers, then the first.
    """
    router: Router[tuple[int, str, Entry]] = Router()
    for number, each in enumerate(opened):
        for entry in each.document.entries:
            for base in each.responder.base_paths(entry):
                router.add(base, entry.method, entry.template, (number, base, entry))
    found = []
    for first, second in router.ambiguous:
        (one, base, _), (other, longer, _) = first.target, second.target
        if one != other:
            winner, loser = (second, first) if len(longer) > len(base) else (first, second)
            names = [opened[route.target[0]].document.resource.name for route in (winner, loser)]
            entry = loser.target[2]
            message = (
                f"{entry.title} is in {names[0]} and in {names[1]}, under the same path: that of {names[0]} answers"
            )
            found.append(
                Finding(rule="document-path-ambiguous", message=message, place=entry.node.place, operation=entry.id)
            )
    return found


def _open(
    where: str, document: Document, settings: Settings, known: frozenset[str], *, judge_fixtures: bool
) -> OpenedDocument:
    responder = Responder(Engine(document, settings))
    responder.kit.pools()
    folder = _folder(where, "fixtures", settings.fixtures, document.library.folders)
    responder.fixtures = load_fixtures(folder, document, responder.judge_of, responder.kit.pools)
    responder.fixtures.folder = folder or _sibling(where, "fixtures")
    played = _folder(where, "scenarios", settings.scenarios, document.library.folders)
    scenarios = load_scenarios(played, responder, known)
    if scenarios.scenarios:
        responder.sources = (*responder.sources, Player(responder, scenarios.scenarios))
    folders = frozenset(map(folder_name, known))
    of_others = [
        f
        for f in responder.fixtures.findings
        if _is_unknown(f) and f.place is not None and Path(f.place.file).name in folders
    ]
    findings = [finding for finding in (*responder.fixtures.findings, *scenarios.findings) if finding not in of_others]
    passed = {"fixture-operation-unknown"} if settings.fixtures is None else set()
    passed |= {"scenario-file-unknown"} if settings.scenarios is None else set()
    wrong = [finding for finding in findings if finding.rule not in passed]
    if wrong and judge_fixtures:
        raise FixtureError(wrong)
    return OpenedDocument(
        responder, folder, tuple(finding for finding in findings if finding.rule in passed), where, scenarios, played
    )


def _is_unknown(finding: Finding) -> bool:
    return finding.rule == "fixture-operation-unknown"


def _folder(where: str, name: str, named: Path | None, folders: Sequence[Path]) -> Path | None:
    """Return the folder that is named, else the one next to the document."""
    if named is not None:
        if not named.is_dir():
            raise UsageError(f"the folder of {name} {named} does not exist")
        return named
    sibling = _sibling(where, name)
    if sibling is None or not sibling.is_dir():
        return None
    escape = find_escape(sibling, [sibling.parent.resolve(), *folders])
    if escape is not None:
        allowed = ", ".join(map(str, folders))
        raise UsageError(
            f"{sibling} leads to {escape}, outside of {allowed}: "
            f"name it with --{name}, or allow it with --allow-path {escape}"
        )
    return sibling


def _sibling(where: str, name: str) -> Path | None:
    """Return the path of a folder next to a document; None where the document is no file."""
    if where == STDIN or where.startswith(("http://", "https://")):
        return None
    return Path(where).parent / name
