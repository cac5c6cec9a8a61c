"""
The choice of an answer to a request, without I/O.

`open` opens documents with their fixtures and scenarios. `responder` decides: it asks each `source` in turn
(`mappings`, `scenarios`, handlers, state), then `fixtures`, examples and generated values. `represent` makes the
answer of one documented response, with `examples`, `headers`, `links`, `stream` and `edge_answers`; `stored` answers
as they were written down; `error_answers` refuse, in the document's words where it has some. `compiled` prepares an
operation, `routes` find it, `fast_path` and `answer_cache` keep answers ready, `answer` is the result, `trace`
explains it, `match` decides which requests an answer is for. `worlds` and `journal` keep what was asked, `blocking`
waits for a database, `document_pages` serves the documents, `inspect_document` checks them.

Invariants:
- Same request, same seed: same bytes, on every replica; with state, after the same requests before.
- No answer leaves that was not judged, as a whole or, in lists, item by item, unless the user asked for it by name.
"""
