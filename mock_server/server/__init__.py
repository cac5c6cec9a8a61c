"""
The server: ASGI, connections, faults, and the user's handlers.

A request meets the middleware of this package first. Requests whose answer is stored or compiled are answered at once
(`connection.immediate`); the others by the responder (`respond`); Swagger UI and pages beside the API by the rest of
the application, which is made when it is first needed (`compose.deferred`).

Microseconds of CPU for the stored example of the default document (2026-11-23, Python 3.11, without log):

    uvicorn and a bare application      21
    stored answers at once              15    without a task, messages and a second check of fields
    generated ones of 5 KB at once      50
    respond in our middleware          +25    all others, with a task; generated values of 5 KB take 8 more
    Connexion's whole stack           +370    for requests that go through it

Invariants:
- Same request, same seed: same bytes, on every replica; with state, after the same requests before.
- Nothing leaves that was not judged by `judges.response`'s own validators, as a whole or, in lists, item by item
  (`generate.sampler.list_writer`), unless the user asked for it by name.

Rules for editors: `tests/test_architecture.py` names the modules that may import Connexion, Starlette and uvicorn.
"""
