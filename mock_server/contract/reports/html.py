"""One self-contained HTML page of a run: coverage by operation and kind, findings, exchanges. It asks no network."""

from collections.abc import Iterable
from itertools import islice
from typing import Final

from jinja2 import Environment, PackageLoader, StrictUndefined

from mock_server.contract.reports.report import is_red, list_objects
from mock_server.json_values import JsonObject

_MOST_EXCHANGES: Final = 300  # shown; all of them are in HAR and NDJSON

_ENVIRONMENT: Final = Environment(
    loader=PackageLoader("mock_server.contract.reports", "."),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def render_page(run: JsonObject, exchanges: Iterable[JsonObject], total: int) -> str:
    """
    Write a run.

    Args:
        run: Its digest.
        exchanges: Of the run; the first of them are shown.
        total: How many there are.
    """
    shown = list(islice(exchanges, _MOST_EXCHANGES))
    template = _ENVIRONMENT.get_template("page.html.jinja")
    red = sum(map(is_red, list_objects(run["findings"])))
    return template.render(run=run, exchanges=shown, total=total, red=red)
