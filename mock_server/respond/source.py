"""Who may answer before fixtures, examples and generated values do."""

from typing import Protocol, runtime_checkable

from mock_server.document.model import Entry, Operation
from mock_server.respond.answer import Answer
from mock_server.respond.representation import RequestContext


class AnswerSource(Protocol):
    """Answers some requests: from state, from scenarios, from mappings that were made at run time."""

    @property
    def name(self) -> str:
        """Return the name that explanations show."""

    @property
    def before_validation(self) -> bool:
        """Whether it is asked before credentials and the request are judged; else after."""

    @property
    def blocks(self) -> bool:
        """Whether it waits for something, a database for instance, by `serve.waiting`."""

    def touches(self, entry: Entry) -> bool:
        """Return whether it may ever answer an operation; then none of its answers is kept ready."""

    def answer(self, operation: Operation | None, ask: RequestContext) -> Answer | None:
        """
        Answer a request; None leaves it to others.

        Args:
            operation: What is asked for; None where the document has no such operation. Only who is asked before
                validation sees such a request.
            ask: The request, read.
        """


@runtime_checkable
class Versioned(AnswerSource, Protocol):
    """Answers the same request in the same way until something changes."""

    def pulse(self) -> int | None:
        """Return a number that is another one after each change; None where telling it takes as long as answering."""
