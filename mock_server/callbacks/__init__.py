"""
Callbacks and webhooks: requests that the document says the provider sends.

`subscriptions` finds the receivers that clients registered; `dispatch` observes exchanges, finds the callbacks that
they trigger, and keeps the log of deliveries; `compose` makes the documented request, with the values of the exchange
before it; `send` sends it.

Invariants:
- Nothing is sent to a host that `--callbacks-to` does not name, and no redirect is followed.
- No answer waits for a callback, and the server stops without waiting for any.
- A request that is a callback itself triggers no other, so there are no circles.

Rules for editors: only `send` speaks HTTP.
"""
