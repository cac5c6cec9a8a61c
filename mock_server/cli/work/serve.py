"""`mock-server serve`: the fake backend."""

import importlib
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from mock_server.admin.access import Guard
from mock_server.cli.admin_side import list_admin_lines, open_admin
from mock_server.cli.configure import configure, current_source
from mock_server.cli.logs import set_up_logs
from mock_server.cli.show import print_findings
from mock_server.cli.terminal import count_noun, say
from mock_server.compose.backend import assemble, check_store, describe_state
from mock_server.compose.deferred import deferred_app, find_hidden
from mock_server.compose.reload import Reloader
from mock_server.document.default import default_document, is_shipped
from mock_server.document.model import MISSING, Entry
from mock_server.exchange.negotiate import choose_success
from mock_server.findings import Finding, make_tool_finding
from mock_server.generate.request import example_request
from mock_server.respond.open import OpenedDocument, find_conflicts, open_responders
from mock_server.respond.source import Versioned
from mock_server.server.backend import Backend
from mock_server.server.hosts import Hosts
from mock_server.server.listen import Listening, check_tls, check_workers, run, run_workers
from mock_server.settings import Settings
from mock_server.settings.issuer import ISSUER_PATH
from mock_server.version import __version__

# So many operations are shown with a curl line; the rest are in Swagger UI.
_SHOWN = 12


def serve(*, documents: list[str] | None, **flags: object) -> None:
    """
    Serve documents until Ctrl-C.

    Args:
        documents: Paths, URLs, or - for standard input; the default one if left out.
        flags: Settings by their names.
    """
    settings = configure(flags)
    set_up_logs(settings.log_format)
    check_tls(settings.tls_cert, settings.tls_key)
    check_workers(settings.workers)
    check_store(settings)
    opened = open_responders(documents or [default_document()], settings)
    listening = Listening(settings)
    try:
        backend = assemble(opened, settings)
        backend.ports = listening.ports
        if settings.reload:
            _follow_edits(backend, opened, flags)
        backend.hosts = Hosts.of(settings)
        guard = open_admin(backend, settings)
        asgi = deferred_app(backend)
        found = [found for each in opened for found in _findings_at_start(each)]
        read = [resource for each in opened for resource in each.document.library.loaded()]
        print_findings(found, "text", read=read, stream=sys.stderr)
        print_findings([*find_conflicts(opened), *find_hidden(backend)], "text", stream=sys.stderr)
        _print_banner(backend, opened, listening, guard)
        for each in opened if settings.check else ():
            _check_in_background(each.where, settings.overlay)
        if settings.workers > 1:
            run_workers(settings.workers, lambda: run(asgi, listening, settings))
        else:
            run(asgi, listening, settings)
    except KeyboardInterrupt:
        return  # how a server is meant to end
    finally:
        listening.close()


def _findings_at_start(opened: OpenedDocument) -> Iterator[Finding]:
    """Yield the findings of a document that change where or what it answers; `check` shows the rest."""
    yield from (found for found in opened.document.findings if found.rule == "document-server-without-scheme")
    yield from opened.document.overlay_findings
    yield from opened.document.broken
    yield from opened.warnings


def _follow_edits(backend: Backend, opened: Sequence[OpenedDocument], flags: Mapping[str, object]) -> None:
    """Have every worker follow what is edited."""
    watch = importlib.import_module("mock_server.compose.watch").watch  # nobody else waits for what it needs
    source = current_source()
    reloader = Reloader(backend, opened, lambda: configure(flags, source), source.files)
    backend.tasks.append(lambda: watch(reloader))


def _check_in_background(document: str, overlays: Sequence[Path]) -> None:
    """Run `check` as a process of its own, at its own pace; its findings appear in the log."""
    command = [sys.executable, "-P", "-m", "mock_server", "check", document]
    command += [word for path in overlays for word in ("--overlay", str(path))]
    subprocess.Popen(command, stdout=sys.stderr, stdin=subprocess.DEVNULL)  # noqa: S603 - our own command


def _print_banner(
    backend: Backend, opened: Sequence[OpenedDocument], listening: Listening, guard: Guard | None
) -> None:
    settings, address = backend.settings, listening.origin
    titles = ", ".join(f"{each.document.title} {each.document.api_version}" for each in opened)
    lines = [f"mock-server {__version__}: {titles}"]
    for each in opened:
        admin = []
        if each is opened[0]:
            note = ""
            if settings.workers > 1:
                note = " (each worker has a journal of its own)"
            admin = [*list_admin_lines(listening.admin_origin, guard, note), f"  Swagger UI    {address}/ui"]
        lines += _document_lines(each, settings, address, admin, is_alone=len(opened) == 1)
    if backend.find_service(ISSUER_PATH.encode()) is not None:
        lines.append(f"  issuer        {address}{ISSUER_PATH}")
    if settings.check_tokens:
        lines.append("  tokens        are checked: put one of the issuer where a line below says 'token'")
    if settings.stateful:
        lines.append(f"  state         {describe_state([each.responder for each in opened])}")
    if backend.code is not None:
        handled = [name for each in opened for name in backend.code.find(entry.id for entry in each.document.entries)]
        lines.append(f"  handlers      {', '.join(handled) or 'none'}, in {backend.code.where}")
    lines.append("")
    count = sum(len(each.document.entries) for each in opened)
    shown = [(each, entry) for each in opened for entry in each.document.entries][:_SHOWN]
    faults: list[Finding] = []
    for each, entry in shown:
        try:
            lines += _operation_lines(each, entry, address, each.responder.base_paths(entry)[0], short=count > _SHOWN)
        except Exception as error:  # noqa: BLE001 - a fault of ours at one operation: the server starts all the same
            faults.append(make_tool_finding(error, "its example request", entry.node.place, entry.id))
            lines += [f"  {entry.title}", "    (no example request, see the finding)"]
    if count > len(shown):
        lines.append(f"  … and {count - len(shown)} more, see {address}/ui")
    print_findings(faults, "text", stream=sys.stderr)
    say(*lines)


def _document_lines(
    opened: OpenedDocument, settings: Settings, address: str, admin: list[str], *, is_alone: bool
) -> list[str]:
    document, responder = opened.document, opened.responder
    named = ""
    if not is_alone:
        named = f"{opened.where}, "
    elif is_shipped(opened.where):
        named = "the shipped example (no openapi.yaml here), "
    stored = "no fixtures"
    if opened.fixtures_from is not None:
        stored = f"fixtures in {opened.fixtures_from}"
    made = f"seed {settings.seed}, locale {responder.kit.locale}"
    lines = [
        f"  document      {named}OpenAPI {document.version.value}, {count_noun(len(document.entries), 'operation')}",
        f"  listening on  {', '.join(address + base for base in responder.base_paths())}",
        *admin,
        f"  answers from  {', '.join(settings.source)} ({made}, {stored})",
    ]
    if opened.scenarios.scenarios:
        lines.append(f"  scenarios     {', '.join(scenario.name for scenario in opened.scenarios.scenarios)}")
    return lines


def _operation_lines(opened: OpenedDocument, entry: Entry, address: str, base: str, *, short: bool) -> list[str]:
    title = f"  {entry.title}"
    if entry.summary:
        title += f"  ({entry.summary})"
    if short:
        return [title]
    responder = opened.responder
    operation = opened.document.operation(entry)
    case = example_request(responder.kit, operation, base)
    chosen = choose_success(operation)
    if chosen is not None:
        contents = chosen.response.content
    else:
        contents = ()
    counts = {
        "fixture": len(responder.fixtures.by_operation.get(entry.id, ())),
        "example": sum(example.value is not MISSING for content in contents for example in content.examples),
    }
    sources = [count_noun(count, noun) for noun, count in counts.items() if count]
    if any(isinstance(source, Versioned) and source.touches(entry) for source in responder.sources):
        sources = ["state", *sources]
    return [title, f"    {case.curl(address)}", f"    from {', '.join([*sources, 'generated data'])}"]
