"""One self-contained HTML page of a comparison: old and new side by side, with each witness. It asks no network."""

from typing import Final

from jinja2 import Environment, PackageLoader, StrictUndefined

from mock_server.json_values import JsonObject
from mock_server.printable import printable_lines

_ENVIRONMENT: Final = Environment(
    loader=PackageLoader("mock_server.diff", "."),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def render_diff_page(comparison: JsonObject) -> str:
    """Write a comparison, as `ComparisonReport.describe_all` gives it."""
    return printable_lines(_ENVIRONMENT.get_template("page.html.jinja").render(diff=comparison))
