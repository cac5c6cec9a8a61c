"""
Real clients against the mock: official SDKs and generated strict clients, each in an environment of its own.

    python -m benchmarks.clients                    # all of them; the first run installs them, which takes minutes
    python -m benchmarks.clients --only stripe,box

A row of `table` names a client, its packages and its document; a script of `scripts/` makes its calls with the client as its
users would, and prints a line of JSON for each. A call is right if the client could read what came, and a list if it ends.
What a client or a document does not allow is named in the row, with its reason, and left out of the share.
"""
