"""Every exchange of a run as a HAR file; `exchange.archive` writes it."""

from collections.abc import Iterable, Iterator

from mock_server.contract.model import Exchanged
from mock_server.contract.reports.report import ReportContext
from mock_server.exchange.har import har_entry, iter_archive
from mock_server.json_values import JsonObject


def iter_har(exchanges: Iterable[Exchanged], frame: ReportContext, started: float) -> Iterator[bytes]:
    """
    Write the exchanges of a run, piece by piece.

    Args:
        exchanges: Of the run.
        frame: What is around them.
        started: When, in seconds since 1970.
    """
    return iter_archive(_entries(exchanges, frame, started))


def _entries(exchanges: Iterable[Exchanged], frame: ReportContext, moment: float) -> Iterator[JsonObject]:
    for exchanged in exchanges:
        probe, received = exchanged.probe, exchanged.received
        request, response, mask = frame.mask.exchange(probe.request, received.response)
        yield har_entry(
            request,
            response,
            frame.url(request),
            moment=moment,
            seconds=received.seconds,
            status_text=received.fault.value if received.fault is not None else "",
            comment=f"{probe.operation}: {probe.intent.value}: {mask.text(probe.what)}",
        )
        moment += received.seconds
