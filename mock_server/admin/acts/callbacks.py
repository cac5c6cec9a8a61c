"""Send callbacks and webhooks again."""

from typing import Final

from mock_server.admin.json import AdminRefusal, missing
from mock_server.errors import UsageError
from mock_server.exchange import problem
from mock_server.server.backend import Backend, Delivery, Outcome

_DIGITS: Final = 12  # of a number, at most


def resend_callback(backend: Backend, number: str) -> Delivery:
    """
    Send a callback or webhook again, as it was.

    Raises:
        AdminRefusal: there is none of the number, it was never sent, or its host is not allowed any more.
    """
    if backend.outbox is None:
        raise missing("this server sends no callbacks")
    is_number = number.isascii() and number.isdecimal() and len(number) <= _DIGITS
    try:
        delivery = backend.outbox.resend(int(number) if is_number else -1)
    except UsageError as error:
        raise missing(str(error)) from error
    if delivery.outcome is Outcome.REFUSED:
        raise AdminRefusal(problem.NOT_ALLOWED, delivery.reason)
    return delivery
