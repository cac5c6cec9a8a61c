"""
Connections: our HTTP protocol, on top of uvicorn's.

`gate` sees the bytes first: `framing` finds where requests begin and end, `connections` bounds their number, bytes and
time. `door` shows ordinary requests to what answers them before a parser sees them, `heads` writes the heads of
answers, `raw` lends the connection to faults, and reads targets in absolute form.

Invariants:
- What could be read in two ways is refused.
- Waiting blocks no other connection, and ends when the client leaves or the server stops.
"""
