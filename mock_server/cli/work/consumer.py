"""`mock-server consumer`: what a consumer uses of an API, as a profile."""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from mock_server.cli.configure import configure
from mock_server.cli.terminal import count_noun, say
from mock_server.diff.usage import collect_usage, write_profile
from mock_server.document.default import default_document
from mock_server.document.fetch import fetch, host_of, is_allowed
from mock_server.document.read import read_document
from mock_server.document.yaml import encode_yaml
from mock_server.errors import UsageError
from mock_server.files import write_file

_LARGEST_JOURNAL: Final = 256 << 20  # bytes


def consumer(
    *,
    sources: list[str],
    document: str | None,
    name: str | None,
    out: Path | None,
    overlay: list[Path] | None,
    allow_remote: list[str] | None,
    allow_path: list[Path] | None,
) -> None:
    """Do what the command says; the arguments are its flags."""
    settings = configure({"overlay": overlay, "allow_remote": allow_remote or None, "allow_path": allow_path or None})
    opened = read_document(document or default_document(), settings)
    first = sources[0]
    is_file = "://" not in first and first != "-"
    called = name or (is_file and Path(first).name.partition(".")[0]) or "consumer"
    with TemporaryDirectory() as folder:
        files = [_fetch_journal(source, Path(folder)) if "://" in source else source for source in sources]
        usage = collect_usage(opened, settings, called, files)
    if not usage.operations:
        raise UsageError(f"{', '.join(sources)}: there is no exchange of an operation of {opened.resource.name}")
    written = encode_yaml(write_profile(usage))
    if out is None:
        sys.stdout.write(written)
        return
    try:
        write_file(out, written.encode())
    except OSError as error:
        raise UsageError(f"{out} can't be written: {error.strerror}") from error
    say(f"{out}: {count_noun(len(usage.operations), 'operation')} of {called}", to=sys.stderr)


def _fetch_journal(url: str, folder: Path) -> str:
    """Read the journal of a running mock; gives the file that holds it."""
    where = f"{url.rstrip('/')}/__admin/requests?format=ndjson&world=*"
    path = folder / "journal.ndjson"
    path.write_bytes(fetch(where, _LARGEST_JOURNAL, lambda other: is_allowed(other, frozenset((host_of(url),)))))
    return str(path)
