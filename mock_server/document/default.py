"""The document that is meant when none is named."""

from pathlib import Path

from mock_server.document.load import project_folder
from mock_server.errors import UsageError
from mock_server.files import find_escape

_PACKAGE = Path(__file__).resolve().parent.parent
_SHIPPED = (_PACKAGE / "shipped" / "openapi.yaml", _PACKAGE.parent / "openapi.yaml")


def default_document() -> str:
    """Return the document that is meant when none is named: `./openapi.yaml`, else the one shipped with the package."""
    found = Path("openapi.yaml")
    if found.is_file():
        folder = project_folder(Path.cwd() / "-")
        escape = find_escape(found, [folder])
        if escape is not None:
            raise UsageError(f"{found} leads to {escape}, outside of {folder}: name the document that is meant")
        return str(found)
    shipped = next((path for path in _SHIPPED if path.is_file()), None)
    if shipped is None:
        raise UsageError("there is no openapi.yaml here; name a document")
    return str(shipped)


def is_shipped(document: str) -> bool:
    """Return whether a document is the example that is shipped with the package, and not one of this folder."""
    return Path(document) in _SHIPPED
