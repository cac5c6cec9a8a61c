"""One self-contained HTML page of a run: coverage by operation and kind, findings, exchanges. It asks no network."""

from typing import Final

from jinja2 import Environment, PackageLoader, StrictUndefined

from mock_server.contract.reports.report import ReportContext, digest
from mock_server.contract.runner import Report

_MOST_EXCHANGES: Final = 300  # shown; all of them are in HAR and NDJSON

_ENVIRONMENT: Final = Environment(
    loader=PackageLoader("mock_server.contract.reports", "."),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def render_page(report: Report, frame: ReportContext) -> str:
    """Write a run."""
    shown = [frame.exchange(exchanged) for exchanged in report.exchanges[:_MOST_EXCHANGES]]
    template = _ENVIRONMENT.get_template("page.html.jinja")
    return template.render(run=digest(report, frame), exchanges=shown, total=len(report.exchanges), red=len(report.red))
