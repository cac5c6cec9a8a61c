"""The table of checks: the rows of all modules."""

from collections.abc import Iterable
from typing import Final

from mock_server.contract.checks import Asking, Check, acceptance, coherence, exchange, safe_methods
from mock_server.contract.model import Exchanged, Incident

# Checks that phases lead, since they take several exchanges with one thing: see `phases.stateful` and `callbacks`.
_OF_PHASES: Final = (
    Check("use_after_free", "what was deleted is gone", needs="nothing was deleted and then read", needs_state=True),
    Check(
        "ensure_resource_availability",
        "what was created can be read",
        needs="nothing was created and then read, and no link was followed",
        needs_state=True,
    ),
    Check(
        "cross_tenant_access",
        "one identity does not read what belongs to another",
        needs="there is no second identity: --other-auth",
        needs_state=True,
    ),
    Check("callbacks", "callbacks keep to the document", needs="no callback and no webhook came"),
)

# By name, in the order in which they are reported.
CHECKS: Final[dict[str, Check]] = {
    check.name: check
    for checks in (exchange.CHECKS, acceptance.CHECKS, _OF_PHASES, coherence.CHECKS, safe_methods.CHECKS)
    for check in checks
}


def name_checks(chosen: frozenset[str]) -> list[str]:
    """List the checks that ran: those that were chosen, or all of ours where none was; the user's come last."""
    return [check for check in CHECKS if not chosen or check in chosen] + sorted(chosen - CHECKS.keys())


def follow_up(session: Asking, base: Exchanged) -> None:
    """Run the checks that send more after an accepted GET."""
    if base.received.response is None or base.received.cut:
        return
    again = safe_methods.ask_again(session, base)
    for check in CHECKS.values():
        if check.follow is not None:
            check.follow(session, base, again)


def sort_incidents(incidents: Iterable[Incident]) -> list[Incident]:
    """Order incidents by check, then operation, then place."""
    order = {check: index for index, check in enumerate(CHECKS)}  # those of the user come last
    return sorted(
        incidents,
        key=lambda incident: (
            order.get(incident.check, len(order)),
            incident.check,
            incident.finding.operation or "",
            incident.finding.sort_key,
            incident.id,
        ),
    )
