"""
Code of the user: the functions of a module that a trusted setting named.

It is imported anew whenever it is edited, with what it imports of the same project. What can't be imported is said
with the line, and leaves what was imported before as it was.
"""

import importlib
import importlib.util
import inspect
import keyword
import re
import sys
import sysconfig
import traceback
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

from mock_server.errors import UsageError

Function = Callable[..., Any]


@dataclass(frozen=True, eq=False, repr=False)
class Code:
    """A module, imported."""

    where: str  # as the user named it
    functions: Mapping[str, Function]  # by their names
    modules: Mapping[str, ModuleType] = field(default_factory=dict)  # it, and those of the project that it imported

    @property
    def files(self) -> frozenset[Path]:
        """The files that it was read from."""
        return frozenset(Path(module.__file__) for module in self.modules.values() if module.__file__)

    def find(self, operations: Iterable[str]) -> dict[str, Function]:
        """
        Find the functions of operations.

        An operationId names the function that is called so; one that is no name in Python that of `function_name`; and
        a dotted one, as Connexion has them, the function behind the last dot, where only one operation can mean it.

        Args:
            operations: All operationIds of a document.

        Returns:
            The functions by operationId.
        """
        ids = list(operations)
        found: dict[str, Function] = {}
        taken: set[str] = set()
        for name_of in (str, function_name, _last_name):
            named = {each: name_of(each) for each in ids if each not in found}
            counts = Counter(named.values())
            for each, name in named.items():
                if name in self.functions and name not in taken and counts[name] == 1:
                    found[each] = self.functions[name]
            taken |= {name for each, name in named.items() if each in found}
        return found

    def unused(self, used: Iterable[Function]) -> list[str]:
        """List the functions of the module itself that no operation calls."""
        known = {id(function) for function in used}
        names = {module.__name__ for module in self.modules.values()}
        return sorted(
            name
            for name, each in self.functions.items()
            if id(each) not in known and getattr(each, "__module__", None) in names
        )


def function_name(operation_id: str) -> str:
    """Name the function of an operation: `repos/get-content` is `repos_get_content`, `import` is `import_`."""
    name = re.sub(r"\W+", "_", operation_id)
    if keyword.iskeyword(name):
        return f"{name}_"
    if name[:1].isdigit():
        return f"_{name}"
    return name


def _last_name(operation_id: str) -> str:
    if "." in operation_id:
        return function_name(operation_id.rpartition(".")[2])
    return ""


def load_code(where: str, folder: Path, before: Code | None = None, flag: str = "--handlers") -> Code:
    """
    Import a module.

    Args:
        where: Its name, as in `shop.handlers`, or a path, as in `handlers.py`.
        folder: The project: modules are found in it, and those in it are imported anew.
        before: What was imported the last time.
        flag: That names it, for messages.

    Raises:
        UsageError: there is no such module, or it fails.
    """
    is_path = where.endswith(".py") or "/" in where
    path = (folder / where).resolve()
    if is_path and not path.is_file():
        raise UsageError(f"{flag} {where}: there is no such file")
    root = path.parent if is_path else folder.resolve()
    old = dict(before.modules) if before is not None else {}
    for name in old:
        sys.modules.pop(name, None)
    known = set(sys.modules)
    try:
        with _findable(root):
            module = _import_file(path) if is_path else importlib.import_module(where)
    except (Exception, SystemExit) as error:  # code of the user's: a broken module is said, and the old one stays
        for name in set(sys.modules) - known:
            sys.modules.pop(name, None)
        sys.modules.update(old)
        raise UsageError(f"{flag} {where}: {_explain(error, root)}") from error
    fresh = {name: sys.modules[name] for name in set(sys.modules) - known}
    own = {name: each for name, each in fresh.items() if _is_own(each, root)} | {module.__name__: module}
    return Code(where, _functions(module), own)


def _functions(module: ModuleType) -> dict[str, Function]:
    """Return the public functions of a module."""
    return {
        name: value
        for name, value in vars(module).items()
        if not name.startswith("_") and callable(value) and not inspect.isclass(value) and not inspect.ismodule(value)
    }


@contextmanager
def _findable(root: Path) -> Iterator[None]:
    """Let modules of the project be found, as they are now: not as they were compiled in the same second."""
    if str(root) not in sys.path:
        sys.path.insert(0, str(root))
    importlib.invalidate_caches()
    before, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    try:
        yield
    finally:
        sys.dont_write_bytecode = before


def _import_file(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} is no Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    return module


def _is_own(module: ModuleType, root: Path) -> bool:
    """Return whether a module belongs to the project: it lies in its folder, and not among installed packages."""
    file = getattr(module, "__file__", None)
    if not file:
        return False
    path = Path(file).resolve()
    installed = (Path(sysconfig.get_path(name)).resolve() for name in ("stdlib", "purelib", "platlib"))
    here = Path(__file__).resolve().parent.parent
    return path.is_relative_to(root) and not any(path.is_relative_to(folder) for folder in (*installed, here))


def _explain(error: BaseException, root: Path) -> str:
    """Describe a failure with its line in the project."""
    if isinstance(error, SyntaxError):
        return f"{error.filename}:{error.lineno}: {error.msg}"
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if Path(frame.filename).is_relative_to(root)]
    where = f"{frames[-1].filename}:{frames[-1].lineno}: " if frames else ""
    return f"{where}{type(error).__name__}: {error}"
