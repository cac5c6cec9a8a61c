"""Judging parts of files anywhere: in this process, in others, on other machines that see the same files."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

from mock_server.contract.payload_standard import choose_payloads
from mock_server.contract.record_judge import RecordJudge, make_record_judge
from mock_server.contract.records import (
    RecordSource,
    split_source,
)
from mock_server.contract.summary import Summary
from mock_server.document.read import read_document
from mock_server.settings import Settings

_PART: Final = 16 * 1024 * 1024  # bytes of a part, about


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordStandard:
    """The settings that records are judged by; plain, so that they can be sent to another process."""

    document: str
    settings: Settings
    operation: str | None = None
    status: int | None = None
    schema: str | None = None
    direction: str = "response"
    base_path: str | None = None

    def __hash__(self) -> int:
        return hash((self.document, self.operation, self.status, self.schema, self.direction, self.base_path))


@lru_cache(maxsize=2)
def open_sifter(standard: RecordStandard) -> RecordJudge:
    """
    Open what judges; the last ones are kept, as a process judges many parts by them, and for two runs at a time.

    Raises:
        MockServerError: the document can't be used, or has nothing of what is asked for.
    """
    opened = read_document(standard.document, standard.settings)
    judge = make_record_judge(opened, standard.settings, standard.base_path)
    judge.payloads = choose_payloads(
        judge.api, standard.operation, standard.status, standard.schema, standard.direction
    )
    return judge


def split_all(sources: list[RecordSource]) -> list[RecordSource]:
    """Split files of lines into parts of a size that shows progress and shares the work out evenly."""
    return [part for source in sources for part in split_source(source, _parts(source))]


def _parts(source: RecordSource) -> int:
    if source.path != "-":
        return max(1, Path(source.path).stat().st_size // _PART)
    return 1


def judge_part(standard: RecordStandard, parts: tuple[RecordSource, ...], number: int) -> Summary:
    """Judge one of the parts of some files, in any process."""
    return open_sifter(standard).sift(parts[number])


def merge_in_order(
    found: Iterator[tuple[int, Summary]], parts: tuple[RecordSource, ...], progress: Callable[[int], None]
) -> Summary:
    """
    Put together what was found in parts, so that it does not matter who was faster.

    Args:
        found: The number of a part, and what was found in it.
        parts: All of them, those of one file next to each other.
        progress: Told how many bytes are done.
    """
    waiting: dict[int, Summary] = {}
    whole, following, lines = Summary(), 0, 0
    for number, tally in found:
        waiting[number] = tally
        progress((parts[number].end or 0) - parts[number].start)
        while following in waiting:
            part = waiting.pop(following)
            if not following or parts[following].path != parts[following - 1].path:
                lines = 0
            whole.merge(part, lines)
            lines += part.lines
            following += 1
    return whole


def find_empty(sources: list[RecordSource], tally: Summary) -> list[str]:
    """List the files that were named and have no record; where nothing has one, all of them."""
    read = tally.records > 0
    broken = {
        finding.instance[0]
        for finding in tally.findings()
        if finding.rule == "traffic-record-unreadable" and finding.instance
    }
    empty = [source.path for source in sources if not tally.by_file[source.path] and source.path not in broken]
    named = {source.path for source in sources if source.is_named}
    return [path for path in dict.fromkeys(empty) if path in named or not read]
