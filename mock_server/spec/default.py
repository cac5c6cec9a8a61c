"""The document that is meant when none is named."""

from pathlib import Path

from mock_server.errors import UsageError

_PACKAGE = Path(__file__).resolve().parent.parent


def default_document() -> str:
    """The document that is meant when none is named: `./openapi.yaml`, else the one shipped with the package."""
    if Path("openapi.yaml").is_file():
        return "openapi.yaml"
    shipped = next((path for path in (_PACKAGE / "shipped" / "openapi.yaml", _PACKAGE.parent / "openapi.yaml") if path.is_file()), None)
    if shipped is None:
        raise UsageError("there is no openapi.yaml here; name a document")
    return str(shipped)
