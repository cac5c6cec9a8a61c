"""Logs: to standard error, as lines for people or as JSON for machines."""

import logging
import sys
from datetime import UTC, datetime

from mock_server.exchange.body import write_json

_EXTRAS = ("method", "path", "status", "source", "operation", "milliseconds", "disturbance", "findings")


class _JsonFormatter(logging.Formatter):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        """Write a record."""
        moment = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        extras = {name: getattr(record, name) for name in _EXTRAS if hasattr(record, name)}
        fields = {"time": moment.replace("+00:00", "Z"), "level": record.levelname.lower(), "logger": record.name, **extras}
        if not extras:
            fields["message"] = record.getMessage()
        if record.exc_info:
            fields["exception"] = self.formatException(record.exc_info)
        return write_json(fields).decode()


def set_up_logs(format_: str) -> None:
    """
    Send logs to standard error.

    Args:
        format_: `text`, `json`, or `none` for errors only.
    """
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_JsonFormatter() if format_ == "json" else logging.Formatter("%(message)s"))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("mock_server").setLevel(logging.ERROR if format_ == "none" else logging.INFO)
