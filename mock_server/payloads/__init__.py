"""
Edge cases as files: numbered, proven, in several formats.

`targets` are the messages that payloads are made for, `plan` numbers the payloads, `formats` writes them (`table` and
`parquet` as rows). `jobs` makes them in pieces that can be made anywhere, in any order, and again; `executors` shares
them out to processes or, by `dask`, to a cluster.

Invariants:
- Payload number N is the same bytes in every process, whatever was made before.
- No payload leaves that was not judged by what its record says.

Rules for editors: pyarrow is imported in `parquet` only, distributed in `dask` only; both when they are needed.
"""
