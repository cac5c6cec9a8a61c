"""githubkit, whose models are Pydantic's: every method without a body, as it asks by itself."""

from calls import URL, finish, try_methods
from githubkit import GitHub

client = GitHub("t", base_url=URL, auto_retry=False, http_cache=False)
VALUES = {"owner": "octocat", "repo": "hello", "org": "github", "username": "octocat", "ref": "main", "path": "a"}
for name in (
    "issues",
    "repos",
    "users",
    "orgs",
    "pulls",
    "gists",
    "git",
    "search",
    "teams",
    "activity",
    "checks",
    "meta",
    "reactions",
    "actions",
):
    try_methods(f"{name}.", getattr(client.rest, name), VALUES, skip=lambda method: method.startswith("async_"))
finish()
