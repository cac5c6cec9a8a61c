"""PyGithub, which goes where the links of answers lead."""

from calls import URL, call, drain, finish
from github import Auth, Github

client = Github(auth=Auth.Token("t"), base_url=URL, retry=None, seconds_between_requests=0, seconds_between_writes=0)
user = call("get_user", lambda: client.get_user("octocat"))
repo = call("get_repo", lambda: client.get_repo("octocat/hello"))
call("get_user().login", lambda: client.get_user().login)
call("get_organization", lambda: client.get_organization("github"))
drain("get_user().get_repos", lambda: client.get_user().get_repos())
drain("search_repositories", lambda: client.search_repositories("mock"))
call("rate_limiting", client.get_rate_limit)
call("get_emojis", client.get_emojis)
call("get_gist", lambda: client.get_gist("1"))
if user is not None:
    for name in ("get_repos", "get_followers", "get_following", "get_gists", "get_orgs", "get_keys", "get_starred"):
        drain(f"user.{name}", lambda name=name: getattr(user, name)())
if repo is not None:
    for name in (
        "get_issues", "get_pulls", "get_branches", "get_tags", "get_commits", "get_contributors", "get_labels", "get_milestones",
        "get_releases", "get_forks", "get_stargazers", "get_hooks", "get_deployments", "get_events", "get_keys", "get_workflows",
    ):  # fmt: skip
        drain(f"repo.{name}", lambda name=name: getattr(repo, name)())
    call("repo.get_issue", lambda: repo.get_issue(1))
    call("repo.create_issue", lambda: repo.create_issue("a title"))
    call("repo.get_pull", lambda: repo.get_pull(1))
    call("repo.get_branch", lambda: repo.get_branch("main"))
    call("repo.get_commit", lambda: repo.get_commit("abc"))
    call("repo.get_contents", lambda: repo.get_contents("src/a.py"))
    call("repo.get_readme", lambda: repo.get_readme())
    call("repo.get_languages", lambda: repo.get_languages())
    call("repo.create_label", lambda: repo.create_label("bug", "ff0000"))
    call("repo.get_license", lambda: repo.get_license())
finish()
