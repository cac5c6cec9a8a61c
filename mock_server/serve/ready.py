"""Answers that are kept ready, as long as they are few and small enough."""

from collections.abc import Hashable
from typing import Final

from mock_server.serve.answer import Answer

_MOST: Final = 1_024
_HEAVIEST: Final = 16 * 1024 * 1024  # bytes of bodies


class Ready:
    """Keeps answers with what they are good for; when they become too many, it begins anew."""

    def __init__(self) -> None:
        self._answers: dict[Hashable, tuple[object, Answer]] = {}
        self._weight = 0
        self.get = self._answers.get

    def keep(self, key: Hashable, until: object, answer: Answer) -> None:
        """
        Keep an answer.

        Args:
            key: What was asked.
            until: What the answer was made of; it is good as long as that is the same.
            answer: The answer.
        """
        if len(self._answers) >= _MOST or self._weight > _HEAVIEST:
            self._answers.clear()
            self._weight = 0
        self._weight += len(answer.body)
        self._answers[key] = until, answer
