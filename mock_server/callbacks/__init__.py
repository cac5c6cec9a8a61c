"""
Callbacks and webhooks: requests that the document says the provider sends.

`dispatch` hears of exchanges, decides what they set off, and keeps the log; `compose` makes the documented request,
`send` sends it.

Invariants:
- Nothing is sent to a host that the user did not name, and no redirect is followed.
- No answer waits for a callback, and the server ends without waiting for any.
- A request that is a callback itself sets off no other: there are no circles.

Rules for editors: HTTP is spoken by `send` alone.
"""
