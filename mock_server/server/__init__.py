"""
The server: ASGI, connections, faults, and the user's handlers.

Ordinary requests are answered at the door of a connection (`connection.door`), from what is stored or compiled
(`ordinary`). All others meet the middleware of this package, which asks the responder (`respond`), and hands on
Swagger UI and pages beside the API to the rest of the application, which is made when it is first needed
(`compose.deferred`).

Microseconds of CPU in this process, without the system's, for the stored example of the default document (2026-11-30,
Python 3.11, without log and journal):

    uvicorn and a bare application      14
    a stored answer at the door          9    without a scope, a task, messages and a second check of fields
    a generated one of 5 KB at the door 40
    respond in our middleware          +25    all others, with a task
    Connexion's whole stack           +370    for requests that go through it

Invariants:
- Same request, same seed: same bytes, on every replica; with state, after the same requests before.
- Nothing leaves that was not judged by `judges.response`'s own validators, as a whole or, in lists, item by item
  (`generate.sampler.list_writer`), unless the user asked for it by name.

Rules for editors: `tests/test_architecture.py` names the modules that may import Connexion, Starlette and uvicorn.
"""
