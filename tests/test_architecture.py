"""Layers, doors and cycles: imports run one way, and each third-party package has one door."""

import ast
import dataclasses
import importlib
import inspect
import sys
import tomllib
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

from typer.models import OptionInfo
from uvicorn.protocols.http import flow_control, h11_impl, httptools_impl

import mock_server
from mock_server.cli.configure import TABLES
from mock_server.settings import Settings
from mock_server.settings.trust import TRUST

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "mock_server"
LAYERS = [
    "base",
    "document",
    "schema",
    "exchange",
    "generate",
    "judges",
    "contract",
    "payloads",
    "diff",
    "respond",
    "issuer",
    "state",
    "server",
    "callbacks",
    "proxy",
    "admin",
    "compose",
    "edges",
]
EDGES = {"cli", "mcp", "api", "strategies", "testing", "__main__", "__init__", "pytest_plugin", "docs"}
# Modules of ours that may be named in strings and imported when they are needed.
LAZY = {"compose", "cli", "__init__", "pytest_plugin", "payloads.jobs", "document.read", "respond.match.matchers"}
MOST_MODULES = 25  # in one folder

# Where each third-party package may be imported; a folder stands for its modules.
DOORS = {
    "yaml": {"document.yaml"},
    "openapi_spec_validator": {"document.lint"},
    "referencing": {"document.lint"},
    "jsonschema_specifications": {"document.load"},
    "httpcore2": {"contract.transport.deadline"},
    "httpx2": {
        "callbacks.send",
        "contract.transport.deadline",
        "contract.transport.http",
        "document.fetch",
        "mcp",
        "proxy.upstream",
        "testing.live",
    },
    "brotli": {"exchange.content_coding"},
    "zstandard": {"exchange.content_coding"},
    "jsonschema": {"schema.assertions"},
    "rfc3986_validator": {"schema.assertions"},
    "jsonschema_rs": {"jsonpath", "document.lint", "schema.canonical", "schema.validate"},
    "jsonpath": {"jsonpath"},
    "faker": {"generate.realism.pools"},
    "hypothesis": {"generate", "strategies"},
    "jinja2": {"admin.console.context", "contract.reports.html", "diff.html", "issuer.pages"},
    "joserfc": {"issuer.signing"},
    "defusedxml": {"exchange.xml"},
    "python_multipart": {"exchange.form"},
    "connexion": {"compose.app", "respond.document_pages", "server.handlers"},
    "starlette": {"admin", "compose", "docs", "server"},
    "uvicorn": {"compose", "proxy", "server"},
    "sqlalchemy": {"state.database"},
    "greenlet": {"respond.blocking"},
    "watchfiles": {"compose.watch"},
    "typer": {"cli", "docs"},
    "rich": {"cli"},
    "pyarrow": {"payloads.parquet"},
    "distributed": {"payloads.dask"},
    "pytest": {"pytest_plugin", "testing.cases"},
    "msgspec": {"document.json_text", "exchange.packed"},
    "mcp": {"mcp"},
    "pydantic": {"mcp"},
    "orjson": {
        "admin",
        "callbacks",
        "cli",
        "compose",
        "contract",
        "diff",
        "document",
        "exchange",
        "generate",
        "judges",
        "mcp",
        "payloads",
        "proxy",
        "respond",
        "schema",
        "server",
        "state",
    },
}

MODULES = sorted(PACKAGE.rglob("*.py"))


def name_of(path: Path) -> str:
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" and len(parts) > 1 else parts)


NAMES = {name_of(path) for path in MODULES}


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


def layer_of(module: str) -> str:
    head = module.partition(".")[0]
    if head in LAYERS:
        return head
    return "edges" if head in EDGES else "base"


@cache
def imports_of(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
            found.update(f"{node.module}.{alias.name}" for alias in node.names)
    return found


@cache
def names_in_strings(path: Path) -> set[str]:
    """Find modules of ours that are imported by their name in a string."""
    texts = {
        node.value for node in ast.walk(tree_of(path)) if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    names = {text.partition(":")[0].removeprefix("mock_server.") for text in texts if text.startswith("mock_server.")}
    return {name for name in names if name in NAMES and not any(module.startswith(f"{name}.") for module in NAMES)}


def own_imports(path: Path) -> set[str]:
    names = {name.removeprefix("mock_server.") for name in imports_of(path) if name.startswith("mock_server.")}
    return ({name for name in names if name in NAMES} | names_in_strings(path)) - {name_of(path)}


def test_a_module_imports_its_own_layer_and_those_to_the_left() -> None:
    places = {name: LAYERS.index(layer_of(name)) for name in NAMES}
    wrong = {
        (name_of(path), name) for path in MODULES for name in own_imports(path) if places[name] > places[name_of(path)]
    }

    assert wrong == set()


def foreign_imports(path: Path) -> set[str]:
    return {name.partition(".")[0] for name in imports_of(path)} - set(sys.stdlib_module_names) - {"mock_server"}


def test_a_third_party_package_is_imported_at_its_door_only() -> None:
    used = {(name_of(path), name) for path in MODULES for name in foreign_imports(path)}
    wrong = {(module, name) for module, name in used if not DOORS.get(name, set()) & {module, module.partition(".")[0]}}

    assert wrong == set()


def test_no_module_imports_itself_in_a_circle() -> None:
    graph = {name_of(path): own_imports(path) for path in MODULES}

    assert list(TopologicalSorter(graph).static_order())


def test_nothing_is_imported_inside_a_function() -> None:
    late = {
        (name_of(path), child.lineno)
        for path in MODULES
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        for child in ast.walk(node)
        if isinstance(child, ast.Import | ast.ImportFrom)
    }

    assert late == set()


def test_every_module_says_what_it_is_for() -> None:
    assert [name_of(path) for path in MODULES if not ast.get_docstring(tree_of(path))] == []


def test_a_module_that_is_named_in_a_string_is_named_where_a_server_is_put_together() -> None:
    naming = {name_of(path) for path in MODULES if names_in_strings(path)}

    assert {name for name in naming if not LAZY & {name, name.partition(".")[0]}} == set()


def test_no_class_name_is_used_twice() -> None:
    names = [
        node.name.lstrip("_") for path in MODULES for node in ast.walk(tree_of(path)) if isinstance(node, ast.ClassDef)
    ]

    assert {name for name in names if names.count(name) > 1} == set()


def test_no_folder_is_crowded() -> None:
    folders = [path.parent for path in MODULES]

    assert {str(folder) for folder in folders if folders.count(folder) > MOST_MODULES} == set()


def test_everything_that_is_imported_is_declared() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = [
        requirement
        for name, extra in project["optional-dependencies"].items()
        if name not in {"test", "check"}
        for requirement in extra
    ]
    needed = [*project["dependencies"], *extras]
    declared = {requirement.split("[")[0].split(">")[0].lower().replace("-", "_") for requirement in needed}
    packages = {"yaml": "pyyaml", "jsonpath": "python_jsonpath", "starlette": "connexion"}
    imported = {name.partition(".")[0] for path in MODULES for name in imports_of(path)} & DOORS.keys()
    imported -= {"pytest"}  # which loads its plugin, so that it is there

    assert {packages.get(name, name) for name in imported} <= declared


def test_every_setting_says_whether_a_found_file_may_set_it() -> None:
    """A setting without a row in `trust.TRUST` would be free for a file of a repository that was just cloned."""
    commands = [
        importlib.import_module(f"mock_server.cli.{name}").app.registered_commands[0].callback for name in TABLES
    ]
    parameters = [
        parameter for command in commands for parameter in inspect.signature(command, eval_str=True).parameters.values()
    ]
    options = {
        parameter.name.rstrip("_")
        for parameter in parameters
        if isinstance(parameter.annotation.__metadata__[0], OptionInfo)
    }

    assert {field.name for field in dataclasses.fields(Settings)} | options == TRUST.keys()


def test_no_module_hides_a_name_of_the_library() -> None:
    """An imported submodule is an attribute of its package, and goes before what `__getattr__` gives."""
    assert {path.stem for path in PACKAGE.iterdir()} & set(mock_server.__all__) == set()


def test_no_private_name_of_uvicorn_is_used() -> None:
    sources = [Path(module.__file__).read_text() for module in (flow_control, h11_impl, httptools_impl)]
    private = {
        name
        for source in sources
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.FunctionDef) and (name := node.name).startswith("_") and not name.startswith("__")
    }
    used = {
        (path.name, name)
        for path in MODULES
        if layer_of(name_of(path)) in {"server", "proxy", "compose"}
        for node in ast.walk(tree_of(path))
        if (name := getattr(node, "name", None) or getattr(node, "attr", None)) in private
    }

    assert "_start_asgi_task" in private
    assert not used
