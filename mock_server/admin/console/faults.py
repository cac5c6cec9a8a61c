"""The page of delays and faults, and of callbacks and webhooks."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from mock_server.admin.acts.callbacks import resend_callback
from mock_server.admin.acts.settings import reset_faults, set_operation_faults
from mock_server.admin.console.context import ROOT, ConsoleContext
from mock_server.delay import parse_delay
from mock_server.errors import MockServerError
from mock_server.faults import FaultKind, FaultSettings, OperationFaults, parse_faults
from mock_server.server.faults.deliver import SeededFaultInjector

_SHOWN: Final = 100  # callbacks


@dataclass(frozen=True, slots=True)
class FaultRow:
    """The delay and the faults of an operation, as they are written."""

    operation: str  # "" for all
    delay: str
    faults: str


class FaultPages:
    """The page of delays, faults and callbacks."""

    def __init__(self, context: ConsoleContext) -> None:
        self._context = context

    def routes(self) -> list[Route]:
        """Return the routes of the pages."""
        return [Route("/disturbances", self.show), Route("/disturbances", self.change, methods=["POST"])]

    async def show(self, request: Request) -> Response:
        """Show the current delays and faults."""
        return self._show(request)

    def _show(self, request: Request, problem: str = "", given: Mapping[str, str] | None = None) -> Response:
        context = self._context
        injector = context.backend.disturber
        deliveries = list(context.backend.outbox or ())[-_SHOWN:][::-1]
        return context.show(
            request,
            "disturbances",
            page="disturbances",
            status=422 if problem else 200,
            lines=_rows(injector.disturbances) if isinstance(injector, SeededFaultInjector) else [],
            settable=isinstance(injector, SeededFaultInjector),
            kinds=[kind.value for kind in FaultKind],
            operations=[named.entry for named in context.operations()],
            posted=[context.admin.render_delivery(delivery) for delivery in deliveries],
            allowed=context.backend.settings.callbacks_to,
            problem=problem,
            given=given or {},
        )

    async def change(self, request: Request) -> Response:
        """Set the delay and the faults of all operations or of one, remove those of one, or reset them."""
        form = {name: value.strip() for name, value in (await self._context.read_form(request)).items()}
        backend, operation = self._context.backend, form.get("operation", "")
        try:
            match form.get("act"):
                case "reset":
                    reset_faults(backend)
                case "resend":
                    resend_callback(backend, form.get("id", ""))
                case "remove":
                    set_operation_faults(backend, operation, None)
                case _:
                    set_operation_faults(backend, operation, _read(form))
        except MockServerError as error:
            return self._show(request, str(error), {"operation": "", "delay": "", "faults": "", **form})
        return self._context.back(f"{ROOT}/disturbances")


def _read(form: Mapping[str, str]) -> OperationFaults:
    """
    Read the form; lines and commas separate faults.

    Raises:
        UsageError: the delay or a fault is invalid.
    """
    delay, faults = form.get("delay", ""), form.get("faults", "")
    return OperationFaults(
        delay=parse_delay(delay) if delay else None,
        faults=parse_faults(",".join(faults.splitlines())) if faults else None,
    )


def _rows(settings: FaultSettings) -> list[FaultRow]:
    return [_row("", settings.all), *(_row(name, faults) for name, faults in settings.operations.items())]


def _row(operation: str, faults: OperationFaults) -> FaultRow:
    return FaultRow(operation, str(faults.delay or ""), ", ".join(map(str, faults.faults or ())))
