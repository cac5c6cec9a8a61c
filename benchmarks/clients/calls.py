"""
Counting the calls of a client: put beside its script, in the client's own environment, without anything of ours.

Each call is printed as a line of JSON: what was called, whether its answer could be read, and the error where not.
"""

import inspect
import json
import os
import signal
import sys
from collections.abc import Callable, Iterable, Mapping
from typing import Any

URL = os.environ["MOCK_URL"]  # with the base path
ORIGIN = os.environ["MOCK_ORIGIN"]
DRAFTS: dict[str, dict[str, Any]] = json.loads(open(os.environ["MOCK_DRAFTS"]).read())  # noqa: SIM115, PTH123
MOST_ITEMS = 300  # of a list that ends
SECONDS = 20  # for one call


class Endless(Exception):
    """A list that does not end."""


def _stop(*_: object) -> None:
    raise Endless(f"it takes over {SECONDS} s")


def call(name: str, function: Callable[[], Any]) -> Any:
    """Make one call; gives what it gave, or None."""
    signal.signal(signal.SIGALRM, _stop)
    signal.alarm(SECONDS)
    error, given = "", None
    try:
        given = function()
    except BaseException as failure:
        if isinstance(failure, KeyboardInterrupt):
            raise
        error = f"{type(failure).__module__}.{type(failure).__name__}: {failure}"[:600]
    finally:
        signal.alarm(0)
    print(json.dumps({"call": name, "ok": not error, "error": error}), flush=True)
    return given


def drain(name: str, make: Callable[[], Iterable[Any]]) -> list[Any]:
    """Read a list to its end."""

    def read() -> list[Any]:
        found = []
        for item in make():
            found.append(item)
            if len(found) > MOST_ITEMS:
                raise Endless(f"it has over {MOST_ITEMS} items")
        return found

    return call(name, read) or []


def try_methods(
    prefix: str, holder: object, values: Mapping[str, Any], *, skip: Callable[[str], bool] = lambda name: False
) -> None:
    """Call every public method whose required arguments are plain: texts, numbers, switches."""
    for name in sorted(dir(type(holder))):
        if name.startswith("_") or skip(name):
            continue
        method = getattr(holder, name)
        if not callable(method):
            continue
        arguments = _arguments(method, values)
        if arguments is not None:
            call(f"{prefix}{name}", lambda method=method, arguments=arguments: method(**arguments))


def _arguments(method: Callable[..., Any], values: Mapping[str, Any]) -> dict[str, Any] | None:
    try:
        parameters = inspect.signature(method).parameters.values()
    except (TypeError, ValueError):
        return None
    found: dict[str, Any] = {}
    for parameter in parameters:
        if parameter.default is not parameter.empty or parameter.kind in {
            parameter.VAR_KEYWORD,
            parameter.VAR_POSITIONAL,
        }:
            continue
        if parameter.kind is parameter.POSITIONAL_ONLY:
            return None
        value = values.get(parameter.name, _plain(str(parameter.annotation)))
        if value is None:
            return None
        found[parameter.name] = value
    return found


def _plain(annotation: str) -> Any:
    for word, value in (("str", "abc"), ("int", 1), ("bool", True), ("float", 1.5)):
        if (
            word in annotation.replace("StrictStr", "str")
            and "models." not in annotation
            and "[" not in annotation.replace("Annotated[", "")
        ):
            return value
    return None


def finish() -> None:
    """Leave at once: threads of a client may wait for ever."""
    sys.stdout.flush()
    os._exit(0)
