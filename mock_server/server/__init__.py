"""
The fake backend.

`respond` decides (pure: a request in, an answer out), `reply` makes the answer of one documented response, `refuse`
words what is wrong with a request, `fixtures` are stored answers (`stored` what one is, `conditions` what it asks
for), `script/` are scenarios, templates and mappings, `express` has those ready that need no deciding, `wire.instant`
sends them as soon as a request is read, `gather` sends an answer in one piece, `app` carries it all over ASGI,
`routing` tells Connexion which operations there are. Who else may answer is a `source`: `state` for one; what has to
wait in the midst of a decision does so by `waiting`.

A request meets our own middleware first, which our server asks at once whether it knows the answer. What it knows it
answers; what it does not (Swagger UI) goes on to the rest of the Connexion application, which `serve` makes when it is
first needed (`deferred`). What each layer costs a request for the stored example of the default document, in
microseconds of CPU (2026-11-23, Python 3.11, without log):

    uvicorn and a bare application      21
    stored answers at once              15    without a task, messages and a second look at fields (`wire.instant`), ready in `express`
    generated ones of 5 KB at once      50
    respond in our middleware          +25    all others, with a task; generated values of 5 KB take 8 more
    Connexion's whole stack           +370    what a request would pay if it went through

Invariants:
- Same request, same seed: same bytes, on every replica; with state, after the same requests before.
- Nothing leaves that was not judged by `contract.response`'s own validators, as a whole or, in lists, item by item
  (`generate.rows`), unless the user asked for it by name.

Rules for editors: Connexion, Starlette and uvicorn are imported here and nowhere else; `respond` does no I/O.
"""
