"""
The issuer: users log in at the mock, and get tokens that it verifies.

Its settings are in `settings.issuer`. `signing` signs and verifies, `people` knows users and clients, `redirects`
says where a browser may be led, `requests` reads what comes, `grants` remembers what was used and revoked, `tokens`
issues, `browsers` keeps tickets and sessions, `login` is the authorization endpoint with its `pages`, `logout` the end
of sessions, `exchanges` the token endpoint, `devices` the device flow, `about_tokens` userinfo, introspection and
revocation, `issuer` puts them together. `verify` verifies tokens for the operations of a document.

Invariants:
- Signatures are made and verified by joserfc only, with one algorithm for each kind of token; a token of one kind is
  none of another.
- A browser is led to a registered URI or to this machine, nowhere else; what is not known is said on a page.
- Codes and refresh tokens are good once. Used again, all that came of them is revoked.
- Moments come from the clock of the world that asks.

Rules for editors:
- Secrets are compared by is_same of `people`, in constant time. No secret goes into a log, a page or an error.
- Pages are templates that escape all values, under a policy without scripts.

Source: RFC 6749, 6750, 7009, 7517, 7519, 7636, 7662, 8252, 8414, 8628, 9068, 9207, 9700; OpenID Connect Core 1.0,
Discovery 1.0, RP-Initiated Logout 1.0
"""
