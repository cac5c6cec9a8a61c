"""
Reference documentation, written from the tables in code: `python -m mock_server.docs [FOLDER]`.

A page of `docs/` holds a table between two markers, and this module writes what stands between them:

    <!-- table: rules -->
    <!-- end of table -->

`TABLES` names the tables. A test compares the pages with the code, so that neither changes without the other.
"""

import ast
import json
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import typer
from starlette.routing import Route

from mock_server.admin.access import Guard
from mock_server.admin.app import create_admin, describe_endpoint
from mock_server.admin.coverage import Coverage
from mock_server.admin.metrics import Metrics
from mock_server.cli.check import app as check_app
from mock_server.cli.completion import app as completion_app
from mock_server.cli.configure import TABLES as COMMAND_TABLES
from mock_server.cli.consumer import app as consumer_app
from mock_server.cli.diff import app as diff_app
from mock_server.cli.init import app as init_app
from mock_server.cli.main import COMMANDS
from mock_server.cli.mcp import app as mcp_app
from mock_server.cli.payloads import app as payloads_app
from mock_server.cli.proxy import app as proxy_app
from mock_server.cli.report import app as report_app
from mock_server.cli.serve import app as serve_app
from mock_server.cli.test import app as test_app
from mock_server.cli.validate import app as validate_app
from mock_server.contract.checks.table import CHECKS
from mock_server.contract.reports.formats import REPORTS
from mock_server.document.default import default_document
from mock_server.errors import EXIT_CODES
from mock_server.exchange.prefer import PREFERENCES
from mock_server.faults import MEANINGS as FAULTS
from mock_server.faults import WIREMOCK
from mock_server.findings import RULES
from mock_server.generate.realism.tables import MOMENTS, TEXT, read_table
from mock_server.generate.realism.vocabularies import KINDS as WORD_KINDS
from mock_server.json_values import JsonObject
from mock_server.mcp.server import AgentServer
from mock_server.payloads.formats import FORMATS
from mock_server.payloads.plan import MEANINGS as KINDS
from mock_server.respond.open import open_responder
from mock_server.schema.formats import FORMATS as STRING_FORMATS
from mock_server.server.backend import Backend
from mock_server.settings import DEFAULTS, SETTINGS, write_default
from mock_server.settings.contract import LOGIN_ROWS, TESTED_ROWS
from mock_server.settings.issuer import CLIENT_ROWS, ISSUER_ROWS, USER_ROWS
from mock_server.settings.json_schema import make_settings_schema
from mock_server.settings.trust import TRUST
from mock_server.settings.types import Setting, Trust

PACKAGE: Final = Path(__file__).resolve().parent
DOCS: Final = PACKAGE.parent / "docs"
APPS: Final = {
    "serve": serve_app,
    "proxy": proxy_app,
    "check": check_app,
    "test": test_app,
    "report": report_app,
    "validate": validate_app,
    "diff": diff_app,
    "consumer": consumer_app,
    "payloads": payloads_app,
    "init": init_app,
    "completion": completion_app,
    "mcp": mcp_app,
}
_MARKED: Final = re.compile(r"(<!-- table: (?P<name>[a-z-]+) -->\n).*?(<!-- end of table -->)", re.DOTALL)


def write_table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Write a table in Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |\n" for line in lines)


def render(text: str) -> str:
    """
    Write each table of a page between its markers.

    Args:
        text: The page.

    Raises:
        KeyError: a marker names no table.
    """
    return _MARKED.sub(lambda match: f"{match[1]}{TABLES[match['name']]()}{match[3]}", text)


def find_pages(folder: Path) -> list[Path]:
    """Find the pages that hold tables, in order."""
    return [path for path in sorted(folder.rglob("*.md")) if _MARKED.search(path.read_text())]


def main(arguments: Sequence[str]) -> int:
    """
    Write the tables of all pages below a folder.

    Args:
        arguments: The folder; `docs` of the working folder where there is none.

    Returns:
        The exit code.
    """
    folder = Path(arguments[0]) if arguments else Path("docs")
    for path in find_pages(folder):
        path.write_text(render(path.read_text()))
    for name, write in FILES.items():
        (folder / name).write_text(write())
    return 0


def _rules() -> str:
    rows = ([f"`{rule.id}`", rule.level.name.lower(), rule.blame.value, rule.summary] for rule in RULES.values())
    return write_table(("rule", "level", "who has to change something", "what is wrong"), rows)


def _named(head: Sequence[str], table: dict[str, str]) -> Callable[[], str]:
    """Return a table of names, in code style, and sentences."""
    return lambda: write_table(head, ([f"`{name}`", sentence] for name, sentence in table.items()))


def _faults() -> str:
    aliases = {kind: f"`{name}`" for name, kind in WIREMOCK.items()}
    rows = ([f"`{kind.value}`", aliases.get(kind, ""), FAULTS[kind]] for kind in FAULTS)
    return write_table(("fault", "WireMock's name", "what the client gets"), rows)


def _exit_codes() -> str:
    return write_table(("exit code", "meaning"), ([str(code), meaning] for code, meaning in EXIT_CODES.items()))


def _params(command: str) -> list[Any]:
    """Return the arguments and options of a command, in the order of its help."""
    return list(typer.main.get_command(APPS[command]).params)


def _flag(param: Any) -> str:  # noqa: ANN401 - of a class that typer keeps to itself
    names = [*param.opts, *param.secondary_opts]
    return ", ".join(f"`{name}`" for name in sorted(names, key=lambda name: (name.startswith("--no-"), len(name) > 2)))  # noqa: PLR2004 - `-H` first


def _default(param: Any) -> str:  # noqa: ANN401 - see `_flag`
    if isinstance(param.show_default, str):
        return param.show_default
    if param.default in (None, False, "", ()):
        return ""
    if isinstance(param.default, float):
        return f"{param.default:g}"
    return str(param.default)


def _flags(command: str) -> Callable[[], str]:
    """Return the table of a command's arguments and options."""

    def write() -> str:
        rows = []
        for param in _params(command):
            is_argument = param.param_type_name == "argument"
            name = f"`{param.name.upper()}`" if is_argument else _flag(param)
            rows.append([name, _default(param), param.help or ""])
        return f"{COMMANDS[command]}\n\n" + write_table(("argument or flag", "default", "what it does"), rows)

    return write


def _settings() -> str:
    found = {param.name: param for command in ("proxy", "serve") for param in _params(command)}
    rows = []
    for name, row in SETTINGS.items():
        param = found.get(name)
        flag = f"`{param.opts[0]}`" if param is not None else ""
        default = write_default(name)
        rows.append([f"`{name}`", flag, default and f"`{default}`", row.trust.value, row.help])
    return write_table(("setting", "flag", "default", "may a found file set it?", "what it does"), rows)


def _login() -> str:
    return write_table(
        ("setting", "default", "what it does"),
        ([f"`{name}`", row.shown, row.help] for name, row in LOGIN_ROWS.items()),
    )


def _issuer(rows: Mapping[str, Setting]) -> Callable[[], str]:
    """Return the table of one of the tables of `[issuer]`."""

    def write() -> str:
        written = ([f"`{name}`", row.shown, row.help] for name, row in rows.items())
        return write_table(("setting", "default", "what it does"), written)

    return write


def _trust() -> str:
    rows = (
        [", ".join(f"`{name.replace('_', '-')}`" for name in _trusted(trust)), trust.value]
        for trust in Trust
        if trust is not Trust.ANYTHING
    )
    return write_table(("setting", "may a found file set it?"), [*rows, ["everything else", Trust.ANYTHING.value]])


def _trusted(trust: Trust) -> list[str]:
    return sorted(name for name, may in TRUST.items() if may is trust)


def _endpoints() -> str:
    backend = Backend.of(open_responder(default_document(), DEFAULTS, judge_fixtures=False).responder)
    coverage = Coverage(lambda: (mount.responder for mount in backend.mounts), backend.worlds)
    app = create_admin(backend, Guard(), coverage, Metrics(backend.worlds))
    routes = [route for route in app.routes if isinstance(route, Route) and route.path != "/__admin/"]
    rows: dict[tuple[str, str], list[str]] = {}
    for route in sorted(routes, key=lambda route: (route.path.startswith("/__admin"), route.path)):
        rows.setdefault((route.path, describe_endpoint(route)), []).extend(sorted((route.methods or set()) - {"HEAD"}))
    written = (
        [f"`{'`, `'.join(methods)}`", f"`{path.replace(':path', '')}`", what] for (path, what), methods in rows.items()
    )
    return write_table(("method", "path", "what it does"), written)


def _preferences() -> str:
    return write_table(("preference", "what it does"), [[f"`{row.name}`", row.help] for row in PREFERENCES])


def _kinds() -> str:
    """Return the kinds that `x-faker` may name, with the properties that have them by their names alone."""
    names: dict[str, list[str]] = {}
    for name, kind in {**read_table(TEXT), **read_table(WORD_KINDS), **read_table(MOMENTS)}.items():
        names.setdefault(kind, []).append(name)
    return write_table(
        ("kind", "names of properties that have it without being asked"),
        ([f"`{kind}`", ", ".join(names[kind])] for kind in sorted(names)),
    )


def _formats() -> str:
    rows = []
    for name, record in STRING_FORMATS.items():
        asserted = "text" if record.is_asserted else ""
        if record.bounds is not None:
            asserted = f"number from {record.bounds[0]:,} to {record.bounds[1]:,}"
        rows.append([f"`{name}`", asserted, f"`{record.meaning}`" if record.meaning else ""])
    return write_table(("format", "asserted", "what a text of it means"), rows)


def _packages() -> str:
    """Return the purpose of each package: the first sentence of its docstring."""
    rows = []
    for path in sorted(PACKAGE.rglob("__init__.py")):
        where = path.parent.relative_to(PACKAGE.parent).as_posix()
        sentence = (ast.get_docstring(ast.parse(path.read_text())) or "").partition("\n\n")[0].replace("\n", " ")
        rows.append([f"`{where}`", sentence])
    return write_table(("package", "what it is for"), rows)


def _mcp_tools() -> str:
    rows = (
        [f"`{row.name}`", ", ".join(f"`{name}`" for name in row.arguments), row.sentence]
        for row in AgentServer(Path.cwd(), DEFAULTS).rows()
    )
    return write_table(("tool", "arguments", "what it does"), rows)


def _mcp_resources() -> str:
    rows = AgentServer(Path.cwd(), DEFAULTS).resources()
    return write_table(("resource", "what it is"), ([f"`{uri}`", title] for uri, (_, title) in rows.items()))


def _llms() -> str:
    """List the pages of the documentation for language models: https://llmstxt.org/."""
    lines = [
        "# mock-server\n",
        "> From one OpenAPI document: a fake backend whose every answer conforms, contract checks of the real API,",
        "> and edge-case payloads, each proven to be what it says.\n",
    ]
    for title, folder in (
        ("Start", "."),
        ("Guides", "guides"),
        ("Reference", "reference"),
        ("Explanation", "explanation"),
    ):
        lines.append(f"## {title}\n")
        for path in sorted((DOCS / folder).glob("*.md")):
            text = path.read_text()
            heading = text.partition("\n")[0].removeprefix("# ")
            line = f"- [{heading}]({path.relative_to(DOCS).as_posix()}): {_find_sentence(text)}"
            lines.append(line.removesuffix(": "))
        lines.append("")
    return "\n".join(lines)


def _find_sentence(text: str) -> str:
    """Return the first sentence of a page, without what is Markdown in it."""
    plain = re.sub(r"\[([^\]]+)\]\([^)]*\)", r"\1", re.sub(r"!\[.*", "", text.partition("\n")[2]))
    no_text = ("```", "<!--", "#", "|", "- ")
    texts = (part for part in plain.split("\n\n") if part.strip() and not part.lstrip().startswith(no_text))
    paragraph = next(texts, "")
    return re.split(r"(?<=[.])\s", " ".join(paragraph.split()).replace("**", ""))[0]


def _settings_schema() -> str:
    options = {
        command: {name: _schema_of(param) for name, param in _iter_options(command)} for command in COMMAND_TABLES
    }
    return json.dumps(make_settings_schema(options), indent=1, ensure_ascii=False) + "\n"


def _iter_options(command: str) -> Iterator[tuple[str, Any]]:
    for param in _params(command):
        if param.param_type_name == "option":
            yield from ((name.removeprefix("--"), param) for name in param.opts if name.startswith("--"))


def _schema_of(param: Any) -> JsonObject:  # noqa: ANN401 - see `_flag`
    """Return what the table of a command may say of an option; see `read_presets`."""
    described: JsonObject = {"description": param.help or ""}
    if param.is_flag:
        return {"type": "boolean", **described}
    one: JsonObject = {"type": ["string", "number"]}
    if param.multiple:
        return {"type": ["array", "string", "number"], "items": one, **described}
    return {**one, **described}


# Files that are written whole, by their place in the folder of documentation.
FILES: Final[dict[str, Callable[[], str]]] = {"llms.txt": _llms, "reference/settings.schema.json": _settings_schema}
TABLES: Final[dict[str, Callable[[], str]]] = {
    "rules": _rules,
    "checks": _named(("check", "what has to hold"), {name: check.sentence for name, check in CHECKS.items()}),
    "preferences": _preferences,
    "faults": _faults,
    "payload-kinds": _named(("kind", "what it is"), KINDS),
    "payload-formats": _named(("format", "what is written"), {name: form.summary for name, form in FORMATS.items()}),
    "reports": _named(("report", "what it is"), {name: row.sentence for name, row in REPORTS.items()}),
    "exit-codes": _exit_codes,
    "settings": _settings,
    "login": _login,
    "issuer": _issuer(ISSUER_ROWS),
    "issuer-users": _issuer(USER_ROWS),
    "issuer-clients": _issuer(CLIENT_ROWS),
    "tested-operations": _named(("setting", "what it does"), {name: row.help for name, row in TESTED_ROWS.items()}),
    "trust": _trust,
    "endpoints": _endpoints,
    "kinds": _kinds,
    "formats": _formats,
    "packages": _packages,
    "mcp-tools": _mcp_tools,
    "mcp-resources": _mcp_resources,
    **{f"flags-{command}": _flags(command) for command in APPS},
}

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
