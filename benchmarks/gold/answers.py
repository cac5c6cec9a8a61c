"""What is answered to requests of each operation: with three seeds and state, with preferences, and where something is wrong."""

import dataclasses
import json
from collections.abc import Iterator, Sequence

from benchmarks.gold.served import Ask, Draft, Mock

SEEDS = (0, 1, 7)
_MOST = 6  # documented statuses, media types and examples of one operation that are asked for
_PROFILES = ("minimal", "boundary", "extreme", "invalid", "incoherent")
_MOST_MEMBERS = 3  # of a body, each broken in turn

Item = tuple[str, str]  # the key and the text


def iter_answers(where: str, cap: int) -> Iterator[Item]:
    """Iterate over what a document's operations answer, at most `cap` of them; one mock is in memory at a time."""
    drafts = list(Mock(where).drafts(cap))
    for draft in drafts:
        yield f"{draft.title} | request", f"{draft.id}\n{draft.curl}\n{_written(draft.ask)}"
    for group, stateful in (("seeds", False), ("state", True)):
        texts: dict[str, list[str]] = {draft.title: [] for draft in drafts}
        for seed in SEEDS:
            mock = Mock(where, seed=seed, stateful=stateful)
            for draft in drafts:
                texts[draft.title].append(f"=== seed {seed}\n{mock.answer(draft.ask)}")
        yield from ((f"{title} | {group}", "\n".join(answers)) for title, answers in texts.items())
    plain = Mock(where)
    for draft in drafts:
        yield (
            f"{draft.title} | preferences",
            _answers(plain, ((what, _with(draft.ask, fields)) for what, fields in _preferences(draft))),
        )
        yield (
            f"{draft.title} | explanations",
            _answers(plain, ((what, _explanation(ask)) for what, ask in _explained(draft))),
        )
    strict = Mock(where, strict_accept=True)
    for draft in drafts:
        yield f"{draft.title} | refusals", _answers(strict, _broken(draft))


def _answers(mock: Mock, asked: Iterator[tuple[str, Ask]]) -> str:
    return "\n".join(f"=== {what}\n{mock.answer(ask)}" for what, ask in asked)


def _written(ask: Ask) -> str:
    fields = "".join(f"{name.decode('latin-1')}: {value.decode('latin-1')}\n" for name, value in ask.fields)
    return f"{ask.method} {ask.target}\n{fields}\n{ask.body.decode('utf-8', 'backslashreplace')}"


def _with(ask: Ask, fields: Sequence[tuple[bytes, bytes]]) -> Ask:
    return dataclasses.replace(ask, fields=(*ask.without(*(name for name, _ in fields)), *fields))


def _preferences(draft: Draft) -> Iterator[tuple[str, Sequence[tuple[bytes, bytes]]]]:
    """Iterate over header fields that ask for one of several answers."""
    wishes = [f"code={status}" for status in draft.statuses[:_MOST]]
    wishes += [f"code={status}, dynamic=true" for status in draft.statuses[:2]]
    wishes += [f'example="{key}"' for key in draft.examples[:_MOST] if key.isascii() and key.isprintable()]
    wishes += ["dynamic=true", "seed=abc", "size=0", "size=3", "locale=fi_FI", "code=799"]
    wishes += [f"profile={profile}" for profile in _PROFILES]
    wishes += ["payload=required-missing", "payload=max-length"]
    for wish in wishes:
        yield wish, ((b"prefer", wish.encode()),)
    for media_type in draft.media_types[:_MOST]:
        yield f"accept {media_type}", ((b"accept", media_type.encode("latin-1", "replace")),)


def _broken(draft: Draft) -> Iterator[tuple[str, Ask]]:
    """Iterate over requests with something wrong in them, each with what that is."""
    ask = draft.ask
    yield "no header fields", dataclasses.replace(ask, fields=())
    yield (
        "only the content type",
        dataclasses.replace(ask, fields=[field for field in ask.fields if field[0] == b"content-type"]),
    )
    yield "no query", dataclasses.replace(ask, query=b"")
    yield (
        "an unknown query parameter",
        dataclasses.replace(ask, query=ask.query + (b"&" if ask.query else b"") + b"gold=%20"),
    )
    yield "each value of the query twice", dataclasses.replace(ask, query=ask.query + b"&" + ask.query)
    yield "another last segment", dataclasses.replace(ask, path=ask.path.rpartition(b"/")[0] + b"/~gold~")
    yield "a longer path", dataclasses.replace(ask, path=ask.path + b"/no/such/thing")
    yield "another method", dataclasses.replace(ask, method="PURGE")
    yield "HEAD", dataclasses.replace(ask, method="HEAD", body=b"")
    yield "OPTIONS", dataclasses.replace(ask, method="OPTIONS", body=b"")
    yield "nothing acceptable", _with(ask, [(b"accept", b"application/x-gold")])
    yield "a wrong preference", _with(ask, [(b"prefer", b"code=gold")])
    if not draft.has_body:
        return
    yield "no body", dataclasses.replace(ask, body=b"", fields=ask.without(b"content-type", b"content-length"))
    yield "an unknown media type", _with(ask, [(b"content-type", b"application/x-gold")])
    for body in (b"{", b"[]", b"null", b'"gold"', b"\xff"):
        yield f"the body {body!r}", dataclasses.replace(ask, body=body, fields=ask.without(b"content-length"))
    for what, body in _broken_members(ask.body):
        yield what, dataclasses.replace(ask, body=body, fields=ask.without(b"content-length"))


def _broken_members(body: bytes) -> Iterator[tuple[str, bytes]]:
    try:
        value = json.loads(body)
    except ValueError:
        return
    if not isinstance(value, dict):
        return
    for name in list(value)[:_MOST_MEMBERS]:
        yield f"without {name!r}", json.dumps({key: item for key, item in value.items() if key != name}).encode()
        yield f"another type of {name!r}", json.dumps({**value, name: {"gold": [True]}}).encode()


def _explained(draft: Draft) -> Iterator[tuple[str, Ask]]:
    yield "as drafted", draft.ask
    yield "with preferences", _with(draft.ask, [(b"prefer", b"dynamic=true, size=2, code=404, fixture=gold")])
    yield "without header fields and query", dataclasses.replace(draft.ask, fields=(), query=b"")
    yield "a longer path", dataclasses.replace(draft.ask, path=draft.ask.path + b"/x")


def _explanation(ask: Ask) -> Ask:
    """Make the request that has another one explained."""
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in ask.fields}
    given: dict[str, object] = {"method": ask.method, "url": ask.target, "headers": headers}
    if ask.body:
        given["body"] = ask.body.decode("utf-8", "replace")
    return Ask(
        "POST", b"/__admin/explain", fields=[(b"content-type", b"application/json")], body=json.dumps(given).encode()
    )
