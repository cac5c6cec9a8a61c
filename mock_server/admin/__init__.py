"""
The admin side: the journal of exchanges under `/__admin`, and every change to a running server.

`access` guards it, `app` is the Starlette application, `json` reads and writes its JSON, `exchange` renders exchanges
without their secrets, in WireMock's shapes. `acts` holds each act on the server once; `api` and `console` render them
for programs and for people. `coverage` counts the used parts of the documents, `metrics` requests and durations.

Invariants:
- Nothing is shown before `Masker` has taken the secrets out.
- A view that only shows something changes nothing: no state, no turn; a world is made at most.
- A web page of another origin can neither read nor change anything here; see `access`.

Rules for editors: shapes are WireMock's where WireMock has them, with members of ours added; errors are problem
details (RFC 9457) with WireMock's `errors` in them. Listeners to exchanges only count; reading costs the reader.
"""
