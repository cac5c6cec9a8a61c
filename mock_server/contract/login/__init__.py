"""
Logging in: credentials that a run asks for, and renews.

`wfc` and `open` read what the user wants, `oauth` and `request` ask for a token, `issuers` send such requests, `grant`
reads what came. `logins` keep what is held, `connect` puts it into requests, and all of it together.

Invariants:
- A request holds a placeholder until it is sent, so that reports, ids and replayed findings know no token.
- Only the API's own origin and what the user named is asked.
"""
