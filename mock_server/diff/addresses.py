"""Addresses of operations: the method, and the path behind the servers."""

import re
from typing import Final

from mock_server.diff.context import OperationPair
from mock_server.diff.model import Witness
from mock_server.diff.pairs import PairedEntry
from mock_server.document.document import Document
from mock_server.document.model import Operation

_VARIABLE: Final = re.compile(r"\{[^{}]*\}")


def compare_address(pair: OperationPair, moved: tuple[str, str] | None) -> None:
    """
    Compare where an operation is reached.

    Args:
        pair: The operation.
        moved: The prefixes before and after, where operations moved together: that is said once, for all of them.
    """
    if is_of_prefix(PairedEntry(pair.old.entry, pair.new.entry), moved):
        return
    if not has_moved(pair.old, pair.new, pair.context.old.document, pair.context.new.document):
        return
    reason = f"it is {pair.new.entry.title} now"
    witness = Witness(request=pair.witness_request(), origin=pair.origin, reasons=(reason,))
    message = f"the operation moved: {reason}"
    pair.add(
        "diff-operation-removed",
        message,
        pair.place(None),
        old=pair.old.entry.node,
        new=pair.new.entry.node,
        witness=witness,
    )


def is_of_prefix(pair: PairedEntry, moved: tuple[str, str] | None) -> bool:
    """Return whether an operation moved from one prefix to another, and in nothing else."""
    if moved is None or pair.old.method != pair.new.method:
        return False
    before, after = (_shape(entry.template) for entry in (pair.old, pair.new))
    return before.startswith(moved[0]) and before != after == moved[1] + before.removeprefix(moved[0])


def has_moved(old: Operation, new: Operation, before: Document, after: Document) -> bool:
    """Return whether none of the addresses of an operation is one of its addresses in the new document."""
    if old.entry.method != new.entry.method or not set(new.entry.fixed_query) <= set(old.entry.fixed_query):
        return True
    if _shape(old.entry.path) == _shape(new.entry.path):
        return False
    return not _addresses(old, before) & _addresses(new, after)


def _addresses(operation: Operation, document: Document) -> set[str]:
    servers = operation.servers or document.servers
    return {_shape(server.base_path + operation.entry.path) for server in servers}


def _shape(template: str) -> str:
    """Return a path template with its variables unnamed."""
    return _VARIABLE.sub("{}", template)
