"""The help of commands: headings for their flags, and examples."""

from collections.abc import Mapping
from typing import Any, Final

from typer.core import TyperOption

# The options of all commands under the headings of the help. An option means the same wherever it is.
GROUPS: Final[Mapping[str, tuple[str, ...]]] = {
    "What is answered": (
        "source", "profile", "seed", "locale", "fixtures", "scenarios", "stateful", "store", "handlers", "base_path",
        "validate_requests", "security", "strict_accept", "keep_invalid_examples", "keep_links", "caching", "check",
        "reload", "now", "issuer", "check_tokens", "idempotency",
    ),
    "What goes wrong": ("delay", "fault"),
    "Callbacks": ("callbacks_to", "callback_delay", "callback_retries"),
    "Where it listens": (
        "http", "host", "port", "allow_host", "cors", "tls_cert", "tls_key", "admin", "admin_port", "admin_token",
    ),
    "The real server": ("record", "fallback", "fallback_on", "insecure", "cert", "key", "ca", "wait"),
    "What is tested": (
        "app", "phases", "mode", "checks", "exclude_checks", "include", "exclude", "mutating", "allow_bulk_delete",
        "thorough", "workflow", "hooks", "values", "listen", "listen_url", "findings", "replay",
    ),
    "Credentials": ("header", "auth", "other_header", "other_auth"),
    "What is chosen": (
        "operation", "schema", "direction", "status", "media_type", "kind", "explain", "name", "traffic", "consumer",
        "open_world", "closed",
    ),
    "How much": (
        "workers", "scheduler", "shard", "count", "offset", "locations", "budget", "max_cases", "max_examples",
        "max_time", "timeout", "max_response_time", "rate_limit", "journal", "max_body", "max_connections", "in_flight",
        "memory",
    ),
    "What counts": (
        "strict", "fail_on", "severity", "baseline", "min_coverage", "min_depth", "allow_unreached",
    ),
    "What is written": (
        "format", "report", "out", "save_fixtures", "write_baseline", "write_workflows", "log_format",
    ),
    "What is read": ("document", "overlay", "allow_remote", "allow_path", "project", "config", "trust_settings"),
}  # fmt: skip

# By command: what is typed, and what it does.
EXAMPLES: Final[Mapping[str, Mapping[str, str]]] = {
    "serve": {
        "mock-server serve openapi.yaml -p 8080": "a backend on port 8080",
        "mock-server serve --stateful --delay 100..300": "what is created stays; answers take their time",
        "mock-server serve --fault error:503@10%": "one of ten answers is an error",
    },
    "proxy": {
        "mock-server proxy https://api.example.com openapi.yaml": "judge what passes",
        "mock-server proxy https://api.example.com --record fixtures": "keep it as fixtures",
        "mock-server proxy http://127.0.0.1:8000 --fallback mock": "mock what is not built yet",
    },
    "check": {
        "mock-server check openapi.yaml": "the document, its examples and fixtures",
        "mock-server check --format github --strict": "in CI, also for warnings",
    },
    "test": {
        "mock-server test http://127.0.0.1:8000": "with safe methods only",
        "mock-server test http://127.0.0.1:8000 --mutating --report junit=junit.xml": "with all methods, for CI",
        "mock-server test --app shop.main:app openapi.yaml": "an application in this process",
        "mock-server test http://127.0.0.1:8000 --replay 4f2a": "a finding of the last run again",
    },
    "report": {
        "mock-server report merge shard-1.ndjson shard-2.ndjson --report html=report.html": "one report of two shards",
    },
    "validate": {
        "mock-server validate traffic.har": "what a browser recorded",
        "mock-server validate payloads.ndjson --operation createOrder --direction request": "bare bodies",
    },
    "diff": {
        "mock-server diff main:openapi.yaml openapi.yaml": "what this branch breaks",
        "mock-server diff old.yaml new.yaml --format markdown": "as a comment of a pull request",
        "mock-server diff old.yaml new.yaml --consumer web-pact.json": "only what hurts this consumer",
    },
    "consumer": {
        "mock-server consumer traffic.har --name web --out web.json": "what the web client relies on",
    },
    "payloads": {
        "mock-server payloads createOrder --direction request --kind invalid": "bodies that have to be refused",
        "mock-server payloads --count 1000 --out payloads.ndjson --workers 2": "many, into a file",
        "mock-server payloads createOrder --explain": "which edge cases there are",
    },
    "init": {
        "mock-server init": "for ./openapi.yaml; in an empty folder with a sample of it",
        "mock-server init api/shop.yaml": "for another document",
    },
    "completion": {
        'eval "$(mock-server completion bash)"': "in ~/.bashrc",
        'eval "$(mock-server completion zsh)"': "in ~/.zshrc, after compinit",
        "mock-server completion fish > ~/.config/fish/completions/mock-server.fish": "once",
        "mock-server completion powershell | Out-String | Invoke-Expression": "in $PROFILE",
    },
    "mcp": {
        "mock-server mcp": "started by an agent, over standard input and output",
        "mock-server mcp --http -p 4012": "for agents elsewhere, with a token",
    },
}
_HEADINGS: Final = {name: heading for heading, names in GROUPS.items() for name in names}
_LOGIN: Final = ("auth_", "Log in")  # the prefix of options that are rows of a table, and their heading


def describe_further(command: Any, name: str) -> None:  # noqa: ANN401 - of a class that typer keeps to itself
    """Put the options of a command under headings, and examples below them."""
    for param in command.params:
        if isinstance(param, TyperOption) and param.rich_help_panel is None:
            param.rich_help_panel = find_heading(param.name or "")
    lines = [f"{example}  ({what})" for example, what in EXAMPLES.get(name, {}).items()]
    command.epilog = "\n\n".join(["Examples:", *lines]) if lines else None


def find_heading(parameter: str) -> str | None:
    """Find the heading of an option by the name of its parameter; None for those of no table."""
    name = parameter.rstrip("_")
    if name.startswith(_LOGIN[0]):
        return _LOGIN[1]
    return _HEADINGS.get(name)
