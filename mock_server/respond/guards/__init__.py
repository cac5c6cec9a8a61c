"""
Decisions about a request before the document answers it.

`tokens` says whether its bearer token is good for the operation, `quotas` whether it is one too many, `replays` whether
it was answered before; `conditions` knows conditional requests, and what a resource can be queried with.
"""
