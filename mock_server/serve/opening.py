"""Opening a document for use: which one, with which fixtures."""

from dataclasses import dataclass
from pathlib import Path

from mock_server.errors import FixtureError, UsageError
from mock_server.finding import Finding
from mock_server.generate.kit import Kit
from mock_server.serve.fixtures import load_fixtures
from mock_server.serve.respond import Responder
from mock_server.settings import Settings
from mock_server.spec.document import Document, open_document
from mock_server.spec.load import STDIN, Access, Library

_PACKAGE = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, slots=True)
class Opened:
    """A document, ready to answer, and what was passed over on the way."""

    responder: Responder
    fixtures_from: Path | None
    warnings: tuple[Finding, ...] = ()

    @property
    def document(self) -> Document:
        """What was opened."""
        return self.responder.document


def default_document() -> str:
    """The document that is meant when none is named: `./openapi.yaml`, else the one shipped with the package."""
    if Path("openapi.yaml").is_file():
        return "openapi.yaml"
    shipped = next((path for path in (_PACKAGE / "shipped" / "openapi.yaml", _PACKAGE.parent / "openapi.yaml") if path.is_file()), None)
    if shipped is None:
        raise UsageError("there is no openapi.yaml here; name a document")
    return str(shipped)


def open_responder(where: str | None, settings: Settings, *, judge_fixtures: bool = True) -> Opened:
    """
    Open a document and its fixtures.

    Args:
        where: A path, a URL or `-`; None for the default document.
        settings: Decide what may be read and how to answer.
        judge_fixtures: Refuse wrong fixtures; else they are left out and listed in the responder's fixtures.

    Raises:
        DocumentError: the document can't be read or is none.
        FixtureError: fixtures break the document.
        UsageError: the folder of fixtures does not exist, or nobody knows the locale.
    """
    where = where or default_document()
    access = Access(folders=settings.allow_path, hosts=frozenset(settings.allow_remote))
    library = Library(access)
    document = open_document(library, library.open_entry(where))
    responder = Responder(Kit(document, settings))
    responder.kit.pools()
    folder = _fixtures_folder(where, settings)
    fixtures = load_fixtures(folder, document, responder.judge_of)
    explicit = settings.fixtures is not None
    wrong = [f for f in fixtures.findings if explicit or f.rule != "fixture-operation-unknown"]
    if wrong and judge_fixtures:
        raise FixtureError(wrong)
    responder.fixtures = fixtures
    warnings = tuple(f for f in fixtures.findings if f not in wrong)
    return Opened(responder, folder, warnings)


def _fixtures_folder(where: str, settings: Settings) -> Path | None:
    if settings.fixtures is not None:
        if not settings.fixtures.is_dir():
            raise UsageError(f"the folder of fixtures {settings.fixtures} does not exist")
        return settings.fixtures
    if where == STDIN or where.startswith(("http://", "https://")):
        return None
    beside = Path(where).parent / "fixtures"
    return beside if beside.is_dir() else None
