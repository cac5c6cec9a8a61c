"""Disturbances: which delays and faults answers meet, changed while the server runs; and what became of callbacks."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from mock_server.admin.console.context import ROOT, ConsoleContext
from mock_server.callbacks.dispatch import CallbackDispatcher
from mock_server.delay import parse_delay
from mock_server.errors import UsageError
from mock_server.faults import FaultKind, FaultSettings, OperationFaults, parse_faults
from mock_server.server.faults.deliver import SeededFaultInjector

_SHOWN: Final = 100  # callbacks


@dataclass(frozen=True, slots=True)
class FaultRow:
    """What is set, as it is written."""

    operation: str  # "" for all
    delay: str
    faults: str


class FaultPages:
    """See the module."""

    def __init__(self, context: ConsoleContext) -> None:
        self._context = context

    def routes(self) -> list[Route]:
        """Return where the pages are."""
        return [Route("/disturbances", self.show), Route("/disturbances", self.change, methods=["POST"])]

    @property
    def _disturber(self) -> SeededFaultInjector | None:
        disturber = self._context.backend.disturber
        if isinstance(disturber, SeededFaultInjector):
            return disturber
        return None

    async def show(self, request: Request) -> Response:
        """Return what is set."""
        return self._show(request)

    def _show(self, request: Request, problem: str = "", given: Mapping[str, str] | None = None) -> Response:
        context, disturber = self._context, self._disturber
        outbox = context.backend.outbox
        posted = list(outbox)[-_SHOWN:][::-1] if isinstance(outbox, CallbackDispatcher) else []
        return context.show(
            request,
            "disturbances",
            page="disturbances",
            status=422 if problem else 200,
            lines=_lines(disturber.disturbances) if disturber is not None else [],
            settable=disturber is not None,
            kinds=[kind.value for kind in FaultKind],
            operations=[named.entry for named in context.operations()],
            posted=posted,
            allowed=context.backend.settings.callbacks_to,
            problem=problem,
            given=given or {},
        )

    async def change(self, request: Request) -> Response:
        """Set the delay and the faults of all operations, or of one."""
        form = {key: str(value).strip() for key, value in (await request.form()).items()}
        disturber = self._disturber
        if disturber is None:
            return self._show(request, "nothing disturbs the answers of this server")
        now, operation = disturber.disturbances, form.get("operation", "")
        if form.get("act") == "reset":
            disturber.disturbances = self._context.backend.settings.disturbances
            return self._context.back(f"{ROOT}/disturbances")
        others = {name: value for name, value in now.operations.items() if name != operation}
        if form.get("act") == "remove":
            disturber.disturbances = FaultSettings(all=now.all, operations=others)
            return self._context.back(f"{ROOT}/disturbances")
        try:
            made = _read(form)
        except UsageError as error:
            return self._show(request, str(error), form)
        if operation:
            disturber.disturbances = FaultSettings(all=now.all, operations={**others, operation: made})
        else:
            disturber.disturbances = FaultSettings(all=made, operations=now.operations)
        return self._context.back(f"{ROOT}/disturbances")


def _read(form: Mapping[str, str]) -> OperationFaults:
    """
    Read what was filled in; lines and commas stand between faults.

    Raises:
        UsageError: it is no delay, or no fault.
    """
    delay, faults = form.get("delay", ""), form.get("faults", "")
    return OperationFaults(
        delay=parse_delay(delay) if delay else None,
        faults=parse_faults(",".join(faults.splitlines())) if faults else None,
    )


def _lines(disturbances: FaultSettings) -> list[FaultRow]:
    all_of_them = ("", disturbances.all), *disturbances.operations.items()
    return [
        FaultRow(name, str(each.delay) if each.delay is not None else "", ", ".join(map(str, each.faults or ())))
        for name, each in all_of_them
    ]
