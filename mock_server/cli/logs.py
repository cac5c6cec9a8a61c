"""Logs: to standard error, as lines for people or as JSON for machines."""

import logging
import sys
from datetime import UTC, datetime

from mock_server.exchange.body import write_json
from mock_server.exchange.secrets.mask import NO_MASK
from mock_server.json_values import JsonObject, JsonValue
from mock_server.printable import printable, printable_json, printable_lines
from mock_server.server.log_lines import ExchangeLine, LineHandler

_ACCESS = "mock_server.access"
_EXTRAS = ("method", "path", "status", "source", "operation", "milliseconds", "disturbance", "findings")


class _JsonFormatter(logging.Formatter):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        """Write a record."""
        extras = {name: getattr(record, name) for name in _EXTRAS if hasattr(record, name)}
        fields = {**_begin(record.created, record.levelname.lower(), record.name), **extras}
        if not extras:
            fields["message"] = NO_MASK.text(record.getMessage())
        if record.exc_info:
            fields["exception"] = NO_MASK.text(self.formatException(record.exc_info))
        return printable_json(write_json(fields).decode())

    def format_exchange(self, said: ExchangeLine) -> str:
        """Write an exchange, and what was found in it; both are without secrets already."""
        now = said.moment
        fields: JsonObject = {
            **_begin(now, "info", _ACCESS),
            "method": said.method,
            "path": said.path,
            "status": said.status,
            "source": said.source,
            "operation": said.operation,
            "milliseconds": round(said.seconds * 1000, 2),
            "disturbance": said.disturbance,
            "findings": [message for _, message in said.findings],
        }
        found = [{**_begin(now, "warning", _ACCESS), "message": _describe(*each)} for each in said.findings]
        lines: list[JsonValue] = [fields, *found]
        return "\n".join([printable_json(write_json(line).decode()) for line in lines])


def _begin(moment: float, level: str, logger: str) -> JsonObject:
    """Return the first members of a line in JSON."""
    written = datetime.fromtimestamp(moment, UTC).isoformat(timespec="milliseconds")
    return {"time": written.replace("+00:00", "Z"), "level": level, "logger": logger}


def _describe(rule: str, message: str) -> str:
    return f"  {rule}: {printable(message)}"


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

    def format_exchange(self, said: ExchangeLine) -> str:
        """Write an exchange, and what was found in it; both are without secrets already."""
        met = f" ({said.disturbance})" if said.disturbance is not None else ""
        line = printable(f"{said.method} {said.path} {said.status} {said.source} {said.seconds * 1000:.1f} ms{met}")
        if not said.findings:
            return line
        return "\n".join([line, *[_describe(*each) for each in said.findings]])


def set_up_logs(format_: str) -> None:
    """
    Send logs to standard error.

    Args:
        format_: `text`, `json`, or `none` for errors only.
    """
    # No line names a thread or a process: records need not, either. https://docs.python.org/3/howto/logging.html,
    # "Optimization"
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    handler = LineHandler(sys.stderr, _JsonFormatter() if format_ == "json" else _TextFormatter())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("mock_server").setLevel(logging.ERROR if format_ == "none" else logging.INFO)
