"""
Catalogues of payloads: what a tester sends or shows, numbered, proven, written as files and as tests.

`target` is one message of one operation, `numbering` plans the payloads of many, `record` is what is said of each,
`export` and `table` are the formats, `shards` writes them in pieces that can be made anywhere, in any order, again.

Invariants:
- Payload number N is the same bytes in every process, whoever makes it and whatever was made before.
- Nothing leaves that was not judged by what its record says.

Rules for editors: pyarrow is imported in `parquet` only, distributed in `cluster` only; both are imported when asked
for.
"""
