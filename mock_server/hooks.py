"""
The import of a module of hooks: the decorator of checks of your own.

    from mock_server.hooks import check

    @check
    def no_stack_trace(exchange):
        "No answer shows a stack trace."
        if b"Traceback" in exchange.response.body:
            yield "the body has a stack trace"
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, overload

from mock_server.errors import UsageError
from mock_server.findings import Level


@dataclass(frozen=True, slots=True)
class OwnCheck:
    """A check of the user's."""

    function: Callable[..., Any]
    name: str
    sentence: str  # what has to hold
    level: Level = Level.ERROR
    once: bool = False  # whether it looks at all exchanges of a run, at its end

    def __call__(self, *arguments: Any) -> Any:  # noqa: ANN401 - what the function takes and gives
        """Call the function."""
        return self.function(*arguments)


@overload
def check(function: Callable[..., Any]) -> OwnCheck: ...
@overload
def check(
    function: None = None, *, name: str | None = None, level: str = "error", once: bool = False
) -> Callable[[Callable[..., Any]], OwnCheck]: ...
def check(
    function: Callable[..., Any] | None = None, *, name: str | None = None, level: str = "error", once: bool = False
) -> OwnCheck | Callable[[Callable[..., Any]], OwnCheck]:
    """
    Make a check of a function.

    The function takes an exchange, or with `once` the list of all exchanges of a run. What it yields is wrong: texts,
    or pairs of an exchange and a text. An assertion that fails is wrong, too.

    Args:
        function: It; its docstring says what has to hold.
        name: Of the check, if not that of the function.
        level: error, warning or note.
        once: Whether it looks at all exchanges of a run, at its end.

    Raises:
        UsageError: there is no such level.
    """
    known = {each.name.lower(): each for each in Level}
    if level not in known:
        raise UsageError(f"the level of a check is one of {', '.join(known)}, not {level!r}")

    def make(function: Callable[..., Any]) -> OwnCheck:
        sentence = (function.__doc__ or function.__name__.replace("_", " ")).strip().partition("\n")[0].rstrip(".")
        return OwnCheck(function, name or function.__name__, sentence, known[level], once)

    if function is not None:
        return make(function)
    return make


def find_checks(values: Sequence[object]) -> list[OwnCheck]:
    """Find the checks among the values of a module."""
    return [value for value in values if isinstance(value, OwnCheck)]
