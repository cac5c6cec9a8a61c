"""Sources of answers besides fixtures, examples and generated values: scenarios, mappings, handlers, state."""

from typing import Protocol, runtime_checkable

from mock_server.document.model import Entry, Operation
from mock_server.respond.answer import Answer, Foreseen, Passed
from mock_server.respond.represent.context import RequestContext


class AnswerSource(Protocol):
    """Answers some requests; see `Responder.sources`."""

    @property
    def name(self) -> str:
        """Return the name that explanations show."""

    @property
    def before_validation(self) -> bool:
        """True if its turn is before credentials and the request are judged; else after."""

    @property
    def blocks(self) -> bool:
        """True if it waits for something, a database for instance, by `respond.blocking`."""

    def touches(self, entry: Entry) -> bool:
        """Return whether it may ever answer an operation; then none of its answers is kept ready."""

    def consider(self, operation: Operation | None, ask: RequestContext) -> Answer | Passed | Foreseen:
        """
        Answer a request, or say why not.

        Args:
            operation: The operation; None where the document has none for the request. Only sources that are asked
                before validation see such a request.
            ask: The request, read. Where `ask.explains`, a source says what it would do, and changes nothing outside
                of `ask.world`.
        """


@runtime_checkable
class Versioned(AnswerSource, Protocol):
    """A source that answers the same request in the same way until something changes."""

    def version(self) -> int | None:
        """Return a number that is another one after each change; None where that takes as long as answering."""
