"""Resources: the document of the working folder, the tables of rules and checks, and the pages of the documentation."""

from pathlib import Path
from typing import Final

from mock_server.contract.checks.table import CHECKS
from mock_server.errors import UsageError
from mock_server.findings import RULES
from mock_server.mcp.bound import bound_text
from mock_server.mcp.reach import Reach

_MOST: Final = 200_000  # characters
_PACKAGE: Final = Path(__file__).resolve().parent.parent
_FOLDERS: Final = (_PACKAGE / "shipped" / "docs", _PACKAGE.parent / "docs")


def read_document_text(reach: Reach) -> str:
    """
    Return the text of the document of the working folder, or of the shipped one.

    Raises:
        UsageError: it leads elsewhere.
    """
    where = reach.document(None)
    with (reach.folder / where).open("rb") as file:
        return bound_text(file.read(4 * _MOST).decode("utf-8", "replace"), _MOST)


def write_rules() -> str:
    """Write the rules: what can be found, at which level, and for whom."""
    return "".join(
        f"{rule.id} ({rule.level.name.lower()}, {rule.blame.value}): {rule.summary}\n" for rule in RULES.values()
    )


def write_checks() -> str:
    """Write the checks of contract tests."""
    return "".join(f"{name}: {check.sentence}\n" for name, check in CHECKS.items())


def find_page_folder() -> Path | None:
    """Find the folder of the documentation: with the package, else next to its source."""
    return next((folder for folder in _FOLDERS if folder.is_dir()), None)


def list_pages() -> list[str]:
    """List the pages of the documentation, as `guides/edge-cases`."""
    folder = find_page_folder()
    if folder is None:
        return []
    return sorted(path.relative_to(folder).with_suffix("").as_posix() for path in folder.rglob("*.md"))


def write_pages() -> str:
    """Write the names of the pages, one a line."""
    return "\n".join(list_pages())


def read_page(name: str) -> str:
    """
    Return a page of the documentation.

    Raises:
        UsageError: there is none of that name.
    """
    folder = find_page_folder()
    if folder is None or name not in list_pages():
        raise UsageError(f"there is no page {name!r}; there are: {', '.join(list_pages())}")
    return bound_text((folder / f"{name}.md").read_text(), _MOST)
