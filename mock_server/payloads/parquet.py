"""
Payloads as a Parquet file: the columns of `table`, row groups of some thousands.

The only module that imports pyarrow, and itself imported for `--format parquet`: `pip install pyarrow`.
"""

from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Final

import pyarrow as pa
from pyarrow import parquet

from mock_server.payloads.table import COLUMNS

_GROUP: Final = 2_048  # rows
_TYPES: Final = {"number": pa.int64(), "valid": pa.bool_(), "exact": pa.bool_()}
SCHEMA: Final = pa.schema([(name, _TYPES.get(name, pa.string())) for name in COLUMNS])


def write(rows: Iterable[tuple[int | bool | str, ...]], path: Path) -> None:
    """Write rows of `table.cells`; the same rows give the same bytes."""
    with parquet.ParquetWriter(path, SCHEMA, compression="zstd") as writer:
        for group in _groups(iter(rows)):
            columns = [
                pa.array(column, type=field.type)
                for column, field in zip(zip(*group, strict=True), SCHEMA, strict=True)
            ]
            writer.write_table(pa.table(columns, schema=SCHEMA))


def _groups(rows: Iterator[tuple[int | bool | str, ...]]) -> Iterator[list[tuple[int | bool | str, ...]]]:
    while group := list(islice(rows, _GROUP)):
        yield group
