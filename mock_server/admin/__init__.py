"""
The admin side, under `/__admin`: what was asked and answered, and everything that can be changed while the server runs.

`guard` decides who may come in, `area` is the Starlette application, `json_api` reads and writes JSON for all of it.
The views are by what they are about: `journal_views`, `world_views`, `setting_views`. `logged` tells an exchange in
WireMock's shapes, `conceal` takes secrets out of it, `export` writes many. `explain` says why a request is answered as
it is, `coverage` what of the document was used, `metrics` how often and how fast.

Invariants:
- Nothing is shown that `conceal` has not seen.
- What only looks changes nothing: no state, no turn, no world but by being made.
- A web page of another origin can neither read nor change anything here; see `guard`.

Rules for editors: shapes are WireMock's where WireMock has them, with members of ours beside; errors are problem
details (RFC 9457) with WireMock's `errors` in them. What listens to exchanges counts, and leaves all else to who asks.
"""
