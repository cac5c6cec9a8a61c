"""Checks that phases lead, since they take several exchanges with one thing: see `phases.stateful` and `callbacks`."""

from typing import Final

from mock_server.contract.checks import Check

CHECKS: Final = (
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
