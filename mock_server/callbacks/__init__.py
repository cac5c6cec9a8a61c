"""
Callbacks and webhooks: what the document says that the provider sends.

`outbox` hears of exchanges, decides what they set off, and keeps the log; `composing` makes the request that is
documented, `agreement` makes it agree with the exchange that it follows, `courier` sends it, `posted` is what became
of it.

Invariants:
- Nothing is sent to a host that `--callbacks-to` does not name, and no redirect is followed.
- No answer waits for a callback, and the server ends without waiting for any.
- A request that is a callback itself sets off no other: there are no circles.

Rules for editors: HTTP is spoken by `courier` alone.
"""
