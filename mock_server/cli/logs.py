"""Logs: to standard error, as lines for people or as JSON for machines."""

import logging
import sys
from datetime import UTC, datetime

from mock_server.exchange.body import write_json
from mock_server.exchange.secrets.mask import NO_MASK
from mock_server.printable import printable, printable_json, printable_lines

_ACCESS = "mock_server.access"
_EXTRAS = ("method", "path", "status", "source", "operation", "milliseconds", "disturbance", "findings")


class _JsonFormatter(logging.Formatter):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        """Write a record."""
        moment = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        extras = {name: getattr(record, name) for name in _EXTRAS if hasattr(record, name)}
        fields = {
            "time": moment.replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "logger": record.name,
            **extras,
        }
        if not extras:
            fields["message"] = NO_MASK.text(record.getMessage())
        if record.exc_info:
            fields["exception"] = NO_MASK.text(self.formatException(record.exc_info))
        return printable_json(write_json(fields).decode())


class _TextFormatter(logging.Formatter):
    """One message a line, for people."""

    def format(self, record: logging.LogRecord) -> str:
        """
        Write a record.

        Nothing in it is obeyed by a terminal, and no secret shows that has the name or shape of one.
        """
        message = record.getMessage()
        is_masked = record.name == _ACCESS and record.levelno <= logging.INFO  # it says a path and words of ours
        text = printable(message if is_masked else NO_MASK.text(message))
        if record.exc_info:
            text += "\n" + printable_lines(NO_MASK.text(self.formatException(record.exc_info)))
        return text


def set_up_logs(format_: str) -> None:
    """
    Send logs to standard error.

    Args:
        format_: `text`, `json`, or `none` for errors only.
    """
    # No line names a thread or a process: records need not, either. https://docs.python.org/3/howto/logging.html,
    # "Optimization"
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_JsonFormatter() if format_ == "json" else _TextFormatter())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("mock_server").setLevel(logging.ERROR if format_ == "none" else logging.INFO)
