"""
Example requests: one that an operation accepts, as a message and as a curl line.

Documented examples come first, generated values fill what they leave open.
"""

from dataclasses import dataclass

from mock_server.exchange.curl import write_curl
from mock_server.exchange.message import Request
from mock_server.generate.draft import Drafter, encode, request_outlines
from mock_server.generate.kit import Kit
from mock_server.spec.model import Operation


@dataclass(frozen=True, slots=True)
class Case:
    """A request, and what could not be filled in."""

    request: Request
    missing: tuple[str, ...] = ()  # in words; a request that lacks something may be refused

    def curl(self, origin: str) -> str:
        """Write the request as a line for a POSIX shell."""
        return write_curl(self.request, origin)


def example_request(kit: Kit, operation: Operation, base_path: str) -> Case:
    """
    Make a request that an operation accepts.

    Args:
        kit: The tools of the document.
        operation: Whom to ask.
        base_path: What stands before the path template.
    """
    draft = Drafter(kit, operation).draft()
    return Case(encode(draft, base_path, request_outlines(kit), kit.document.schemes), draft.missing)
