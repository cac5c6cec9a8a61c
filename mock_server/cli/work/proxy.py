"""`mock-server proxy`: before the real server, judging both directions."""

import secrets
import signal
import sys
from pathlib import Path

import typer

from mock_server.admin.access import Guard
from mock_server.cli.admin_side import list_admin_lines, open_admin
from mock_server.cli.configure import configure
from mock_server.cli.logs import set_up_logs
from mock_server.cli.show import print_findings, require_format, write_line
from mock_server.cli.terminal import count_noun, say
from mock_server.compose.backend import assemble
from mock_server.compose.deferred import deferred_app, find_hidden
from mock_server.document.document import Document
from mock_server.document.positions import Position, find_positions
from mock_server.findings import Finding, Place
from mock_server.proxy.judge import ProxyJudge
from mock_server.proxy.record import Recorder
from mock_server.proxy.relay import Relay
from mock_server.proxy.upstream import Choices, Upstream
from mock_server.respond.open import OpenedDocument, open_responder
from mock_server.server.backend import Backend
from mock_server.server.hosts import Hosts
from mock_server.server.listen import Listening, check_tls, run
from mock_server.settings import Settings
from mock_server.version import __version__


def proxy(
    *,
    upstream: str,
    document: str | None,
    timeout: float,
    insecure: bool,
    record: Path | None,
    format_: str,
    **flags: object,
) -> None:
    """
    Pass requests on until Ctrl-C, then sum up what was found.

    Args:
        upstream: The base of the real API.
        document: A path, a URL, or - for standard input; the default one if left out.
        timeout: Seconds for one answer of the real server.
        insecure: Whether any certificate of the real server is accepted.
        record: A folder for what it answers.
        format_: How findings are written.
        flags: Settings by their names.
    """
    require_format(format_)
    settings = configure(flags)
    set_up_logs(settings.log_format)
    check_tls(settings.tls_cert, settings.tls_key)
    real = Upstream(upstream, seconds=timeout, verify=not insecure)
    opened = open_responder(document, settings)
    recorder = None
    if record is not None:
        recorder = Recorder(record, real.origin, real.base_path)
    relay = _relay(real, opened, settings, recorder)
    backend = assemble([opened], settings)
    backend.relay = relay
    backend.tasks.append(relay.stay)
    _serve(backend, relay, opened, settings)
    _sum_up(relay.scrutiny, opened.document, format_)
    if recorder is not None:
        say(f"{recorder.written:,} fixtures written to {recorder.folder}", to=sys.stderr)
    if relay.scrutiny.is_red:
        raise typer.Exit(1)


def _relay(real: Upstream, opened: OpenedDocument, settings: Settings, recorder: Recorder | None) -> Relay:
    mocked = [
        entry.id for entry in opened.document.entries if not settings.for_operation(entry.id, entry.title).upstream
    ]
    faults = settings.fallback_on
    if not settings.fallback:
        faults = ()
    take = None
    if recorder is not None:
        take = recorder.take
    return Relay(
        real,
        Choices(mocked, faults),
        ProxyJudge(security=settings.security, describe=_Describer(opened.document)),
        limit=settings.max_body,
        via=f"mock-server-{secrets.token_hex(4)}",
        cors=bool(settings.cors),
        record=take,
    )


def _serve(backend: Backend, relay: Relay, opened: OpenedDocument, settings: Settings) -> None:
    """Serve until Ctrl-C, or until a process manager says to stop: either way there is a summing up."""
    listening = Listening(settings)
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        backend.hosts, backend.ports = Hosts.of(settings), listening.ports
        guard = open_admin(backend, settings)
        asgi = deferred_app(backend)
        found = [*opened.document.overlay_findings, *opened.warnings, *find_hidden(backend)]
        print_findings(found, "text", read=opened.document.library.loaded(), stream=sys.stderr)
        _print_banner(relay, opened, settings, listening, guard)
        run(asgi, listening, settings, passes_on=True)
    except KeyboardInterrupt:
        pass  # how a server is meant to end
    finally:
        signal.signal(signal.SIGTERM, before)
        listening.close()


def _print_banner(
    relay: Relay, opened: OpenedDocument, settings: Settings, listening: Listening, guard: Guard | None
) -> None:
    document, real = opened.document, relay.upstream
    address, inside = listening.origin, listening.admin_origin
    bases = opened.responder.base_paths()
    say(
        f"mock-server {__version__}: {document.title} {document.api_version}",
        f"  document      OpenAPI {document.version.value}, {count_noun(len(document.entries), 'operation')}",
        f"  passes on     {', '.join(address + base for base in bases)} to {real.origin}{real.base_path}",
        *list_admin_lines(inside, guard),
        f"  the mock      {_mock_in_words(relay, settings)}",
    )


def _mock_in_words(relay: Relay, settings: Settings) -> str:
    mocked = sorted(relay.choices.mocked)
    answers = []
    if mocked:
        answers.append(f"for {', '.join(mocked)}")
    if settings.fallback:
        answers.append(f"on {', '.join(relay.choices.fallback_on)}")
    if answers:
        return f"answers {' and '.join(answers)}"
    return "does not answer (--fallback mock)"


def _sum_up(scrutiny: ProxyJudge, document: Document, format_: str) -> None:
    tally = scrutiny.tally
    findings = tally.findings()
    print_findings(findings, format_, read=document.library.loaded(), command="proxy")
    verdict = f"{tally.records - tally.wrong:,} right, {tally.wrong:,} wrong, {len(findings):,} causes"
    say(f"{tally.records:,} exchanges: {verdict}", to=sys.stderr)
    if tally.dropped:
        say(f"{tally.dropped:,} findings of further causes were only counted", to=sys.stderr)
    for why, count in scrutiny.unread.most_common(5):
        say(f"{count:,} bodies were not judged: {why}", to=sys.stderr)


class _Describer:
    """Writes findings for the log, with their lines; each place is looked up once."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._positions: dict[Place, Position] = {}

    def __call__(self, finding: Finding) -> str:
        place = finding.place
        if place is not None and place not in self._positions:
            self._positions.update(find_positions([place], self._document.library.loaded()))
        return f"{write_line(finding, self._positions)}, blame {finding.blame.value}"
