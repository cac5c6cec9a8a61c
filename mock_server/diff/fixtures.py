"""The answers that break clients, as fixtures: the mock of the new document gives them by `Prefer: fixture=NAME`."""

from collections.abc import Iterable
from pathlib import Path

from mock_server.diff.model import DocumentChange
from mock_server.document.yaml import encode_yaml
from mock_server.errors import MalformedContent
from mock_server.exchange.body import read_json
from mock_server.files import folder_name, make_folder_within, write_file
from mock_server.json_values import JsonObject
from mock_server.printable import printable


def save_witnesses(folder: Path, changes: Iterable[DocumentChange]) -> int:
    """
    Write each answer that shows a change into the folder of its operation.

    Returns:
        How many were written.

    Raises:
        OSError: one can't be written.
    """
    count = 0
    for change in changes:
        answer = change.witness.response if change.witness is not None else None
        if answer is None or change.place.is_sent or not answer.body:
            continue
        try:
            body = read_json(answer.body)
        except MalformedContent:
            continue
        fixture: JsonObject = {"status": answer.status, "body": body}
        own = make_folder_within(folder, folder_name(change.place.operation))
        said = printable(" ".join(change.message.splitlines()))
        write_file(own / f"diff-{change.fingerprint}.yaml", f"# {said}\n{encode_yaml(fixture)}".encode())
        count += 1
    return count
