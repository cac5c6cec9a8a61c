"""
The cases: what is asked, of whom, in which document.

Each function writes the documents of its case and says which servers take part.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Final, Literal

import orjson

from benchmarks import derive, servers
from benchmarks.apps.recorded import Recorded
from benchmarks.places import DOCUMENT, PEERS, SPECS
from benchmarks.rounds import Bench, one_core_each, record
from benchmarks.servers import FAMILIES, Check, Subject
from benchmarks.talk import Reply
from benchmarks.wrk import Load
from mock_server.generate.request import example_request
from mock_server.respond.open import open_responder
from mock_server.settings import Settings

Kind = Literal["load", "start", "memory", "workers"]

_STORED: Final = ("--source", "example,generated")
_GENERATED: Final = ("--source", "generated")
_JSON: Final = (("Content-Type", "application/json"),)
_GITHUB: Final = PEERS / "node_modules/@octokit/openapi/generated/api.github.com.json"
_COUNTS: Final = (1, 10, 100, 1_000, 10_000)
_PEERS_COUNT: Final = 1_000


class UsageProblem(Exception):
    """The command line asks for what does not exist."""


@dataclass(frozen=True, slots=True)
class Case:
    """One case."""

    name: str
    title: str
    kind: Kind
    subjects: Callable[[Bench], list[Subject]]
    needs_npm: bool = False  # for its document, whoever is measured


def stored(bench: Bench) -> list[Subject]:
    """A stored example of 6.7 KB."""
    value, example = derive.drivers()
    document = _write(bench, "drivers.json", value)
    load = Load(targets=(derive.STORED_TARGET,))
    check = _gives(example)
    us = Subject(name=servers.US, command=servers.ours(document, *_STORED), load=load, check=check)
    recorded = _record(bench, us, "drivers-answer")
    template = "/charger/{chargerId}/users"
    stubs = servers.wiremock(bench.work / "drivers-stubs", [servers.stub(template, example)])
    return [
        _by_default(us, document, *_STORED),
        us,
        Subject(name=servers.PRISM, command=servers.prism(document), load=load, check=check, needs=("node",)),
        Subject(name=servers.WIREMOCK, command=stubs, load=load, check=check, needs=("java",)),
        Subject(name=servers.SCALAR, command=servers.scalar(document), load=load, check=check, needs=("node",)),
        Subject(name=servers.STEADY, command=servers.steady(document), load=load, check=check, needs=("node",)),
        Subject(name=servers.CONNEXION, command=servers.connexion(document), load=load, check=check),
        Subject(name=servers.STARLETTE, command=servers.starlette(recorded, [template]), load=load, check=check),
        Subject(name=servers.BARE, command=servers.bare(recorded), load=load, check=check),
    ]


def generated(bench: Bench) -> list[Subject]:
    """A generated answer, for another path parameter each time."""
    document = _write(bench, "generated.json", derive.generated())
    value, example = derive.drivers()
    static = _write(bench, "drivers.json", value)
    load = Load(targets=(derive.GENERATED_TARGET,))
    stored_load = Load(targets=(derive.STORED_TARGET,))
    make = _makes(2)
    us = Subject(name=servers.US, command=servers.ours(document, *_GENERATED), load=load, check=make)
    return [
        _by_default(us, document, *_GENERATED),
        us,
        Subject(name=servers.SAMPLER, command=servers.sampler(document), load=load, check=make),
        Subject(
            name=servers.PRISM_DYNAMIC,
            command=servers.prism(document, dynamic=True),
            load=load,
            check=make,
            needs=("node",),
        ),
        Subject(
            name=servers.PRISM_STORED,
            command=servers.prism(static),
            load=stored_load,
            check=_gives(example),
            needs=("node",),
        ),
        Subject(
            name=servers.SCALAR,
            command=servers.scalar(document),
            load=load,
            check=_makes(),
            needs=("node",),
            note="one driver where the document wants two, the same for all requests",
        ),
        Subject(name=servers.STEADY, command=servers.steady(document), load=load, check=_makes(), needs=("node",)),
        Subject(
            name=servers.CONNEXION, command=servers.connexion(document), load=load, check=make, note="values by jsf"
        ),
    ]


def recursive(bench: Bench) -> list[Subject]:
    """A generated answer of the default document as it is, whose schema is recursive."""
    document = _write(bench, "recursive.json", derive.recursive())
    load = Load(targets=(derive.GENERATED_TARGET,), connections=2, stretch=4)
    return [
        Subject(name=servers.US, command=servers.ours(document, *_GENERATED), load=load, check=_makes()),
        Subject(name=servers.SAMPLER, command=servers.sampler(document), load=load, check=_makes()),
        Subject(
            name=servers.PRISM_DYNAMIC,
            command=servers.prism(document, dynamic=True),
            load=load,
            check=_makes(),
            needs=("node",),
        ),
    ]


def valid(bench: Bench) -> list[Subject]:
    """A body of 6 KB that conforms, judged with formats."""
    value = derive.orders()
    example = value["paths"]["/orders"]["post"]["responses"]["201"]["content"]["application/json"]["example"]
    return _with_body(bench, derive.order(), _gives(example, 201), refused=False)


def invalid(bench: Bench) -> list[Subject]:
    """A body of 6 KB with eight violations, all of which are to be listed."""
    return _with_body(bench, derive.broken_order(), _refuses, refused=True)


def operations(bench: Bench) -> list[Subject]:
    """Documents of one operation and of many; a hundred operations over the whole document are asked in turn."""
    found = [_operations_of_ours(bench, count) for count in _COUNTS]
    count, templates = _PEERS_COUNT, derive.many_paths(_PEERS_COUNT)
    document = bench.work / f"operations-{count}.json"
    us = found[_COUNTS.index(count)]
    load, check = us.load, us.check
    stubs = [servers.stub(template, derive.many_example(index)) for index, template in enumerate(templates)]
    recorded = _record(bench, us, "operation-answer")
    suffix = f", {count:,} operations"
    wiremock = servers.wiremock(bench.work / "operations-stubs", stubs)
    return [
        *found,
        Subject(name=servers.PRISM + suffix, command=servers.prism(document), load=load, check=check, needs=("node",)),
        Subject(name=servers.WIREMOCK + suffix, command=wiremock, load=load, check=check, needs=("java",)),
        Subject(
            name=servers.SCALAR + suffix, command=servers.scalar(document), load=load, check=check, needs=("node",)
        ),
        Subject(
            name=servers.STEADY + suffix, command=servers.steady(document), load=load, check=check, needs=("node",)
        ),
        Subject(name=servers.CONNEXION + suffix, command=servers.connexion(document), load=load, check=check),
        Subject(
            name=servers.STARLETTE + suffix, command=servers.starlette(recorded, templates), load=load, check=check
        ),
    ]


def cold(bench: Bench) -> list[Subject]:
    """From the start to the first answer, with the default document as it is."""
    _, example = derive.drivers()
    load = Load(targets=(derive.STORED_TARGET,))
    below = Load(targets=("/api" + derive.STORED_TARGET,))
    stubs = servers.wiremock(bench.work / "cold-stubs", [servers.stub("/charger/{chargerId}/users", example)])
    answers = _makes()
    us = Subject(name=servers.US, command=servers.ours(None), load=below, check=answers, note="with its fixtures")
    return [
        _by_default(us, None),
        us,
        Subject(name=servers.PRISM, command=servers.prism(DOCUMENT), load=load, check=answers, needs=("node",)),
        Subject(name=servers.WIREMOCK, command=stubs, load=load, check=answers, needs=("java",), note="one stub"),
        Subject(name=servers.SCALAR, command=servers.scalar(DOCUMENT), load=load, check=answers, needs=("node",)),
        Subject(name=servers.STEADY, command=servers.steady(DOCUMENT), load=load, check=answers, needs=("node",)),
        Subject(name=servers.CONNEXION, command=servers.connexion(DOCUMENT), load=below, check=answers),
    ]


def github(bench: Bench) -> list[Subject]:
    """From the start to the first answer, with GitHub's document of 13 MB."""
    load = Load(targets=("/repos/octocat/hello-world/issues/1347",))
    us = Subject(name=servers.US, command=servers.ours(_GITHUB), load=load, check=_found)
    return [
        _by_default(us, _GITHUB),
        us,
        Subject(name=servers.PRISM, command=servers.prism(_GITHUB), load=load, check=_found, needs=("node",)),
        Subject(name=servers.SCALAR, command=servers.scalar(_GITHUB), load=load, check=_found, needs=("node",)),
        Subject(name=servers.STEADY, command=servers.steady(_GITHUB), load=load, check=_found, needs=("node",)),
        Subject(name=servers.CONNEXION, command=servers.connexion(_GITHUB), load=load, check=_found),
    ]


def real(bench: Bench) -> list[Subject]:
    """From the start to the first answer, with documents of companies and projects, by default settings."""
    manifest = SPECS / "manifest.jsonl"
    if not manifest.is_file():
        bench.say(f"  {manifest} is not there: there is nothing to start")
        return []
    return [_first_of(SPECS / orjson.loads(line)["spec"]) for line in manifest.read_text().splitlines()]


def growth(bench: Bench) -> list[Subject]:
    """Memory over many generated answers, for another path parameter each time."""
    document = _write(bench, "generated.json", derive.generated())
    load = Load(targets=(derive.GENERATED_TARGET,))
    return [Subject(name=servers.US, command=servers.ours(document, *_GENERATED), load=load, check=_makes(2))]


def workers(bench: Bench) -> list[Subject]:
    """One worker and two, generated answers."""
    document = _write(bench, "generated.json", derive.generated())
    load = Load(targets=(derive.GENERATED_TARGET,), connections=64)
    if not servers.has_flag("--workers"):
        bench.say("  `mock-server serve` has no --workers: there is nothing to compare")
        return []
    return [
        Subject(
            name=f"{servers.US}, {count} worker{'s' if count > 1 else ''}",
            command=servers.ours(document, *_GENERATED, "--workers", str(count)),
            load=load,
            check=_makes(2),
        )
        for count in (1, 2)
    ]


CASES: Final[Mapping[str, Case]] = MappingProxyType(
    {
        case.name: case
        for case in (
            Case("stored", "Stored example of 6.7 KB", "load", stored),
            Case("generated", "Generated answer, another path each time", "load", generated),
            Case("recursive", "Generated answer of the recursive default document, 2 connections", "load", recursive),
            Case("valid", "POST of 6 KB, validated with formats", "load", valid),
            Case("invalid", "POST of 6 KB with eight violations, refused", "load", invalid),
            Case("operations", "Documents of many operations, stored examples of 100 bytes", "load", operations),
            Case("cold", "From start to first answer, default document", "start", cold),
            Case("github", "From start to first answer, GitHub's 13 MB", "start", github, needs_npm=True),
            Case("real", "From start to first answer, documents of companies and projects", "start", real),
            Case("growth", "Memory over many generated answers", "memory", growth),
            Case("workers", "One worker and two, generated answers, 64 connections", "workers", workers),
        )
    }
)


def choose(words: Sequence[str]) -> tuple[list[Case], frozenset[str]]:
    """
    Read the words of `--only`.

    Returns:
        The cases they name, all if none, in the order of the table; and the products, none if all are meant.

    Raises:
        UsageProblem: a word is neither.
    """
    unknown = [word for word in words if word not in CASES and word not in FAMILIES]
    if unknown:
        raise UsageProblem(f"{unknown[0]!r} is no case ({', '.join(CASES)}) and no product ({', '.join(FAMILIES)})")
    cases = [case for name, case in CASES.items() if name in words] or list(CASES.values())
    return cases, frozenset(word for word in words if word in FAMILIES)


def _with_body(bench: Bench, body: object, check: Check, *, refused: bool) -> list[Subject]:
    value = derive.orders()
    document = _write(bench, "orders.json", value)
    load = Load(targets=("/orders",), method="POST", body=derive.dump(body), fields=_JSON, refused=refused)
    us = Subject(name=servers.US, command=servers.ours(document, *_STORED), load=load, check=check)
    folder = "invalid" if refused else "valid"
    stubs = servers.wiremock(bench.work / f"{folder}-stubs", _order_stubs(value))
    bare = servers.bare(_record(bench, us, f"{folder}-answer"))
    return [
        _by_default(us, document, *_STORED),
        us,
        Subject(name=servers.PRISM, command=servers.prism(document), load=load, check=check, needs=("node",)),
        Subject(
            name=servers.WIREMOCK,
            command=stubs,
            load=load,
            check=check,
            needs=("java",),
            note="matchesJsonSchema, else a fixed 422",
        ),
        Subject(name=servers.SCALAR, command=servers.scalar(document), load=load, check=check, needs=("node",)),
        Subject(name=servers.STEADY, command=servers.steady(document), load=load, check=check, needs=("node",)),
        Subject(name=servers.CONNEXION, command=servers.connexion(document), load=load, check=check),
        Subject(name=servers.BARE, command=bare, load=load, check=check, note="does not look at the body"),
    ]


def _first_of(path: Path) -> Subject:
    """Ask the first operation of a document that reads something; whatever it answers is an answer."""
    responder = open_responder(str(path), Settings()).responder
    entries = responder.document.entries
    entry = next((each for each in entries if each.method == "GET"), entries[0])
    base = responder.base_paths(entry)[0]
    asked = example_request(responder.kit, responder.document.operation(entry), base).request
    load = Load(
        targets=((asked.path + (b"?" + asked.query if asked.query else b"")).decode("latin-1"),),
        method=asked.method,
        body=asked.body,
        fields=tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in asked.fields),
    )
    name = f"{servers.DEFAULTS}, {path.relative_to(SPECS).parts[0]}"
    return Subject(name=name, command=servers.ours_by_default(path), load=load, check=lambda _: None)


def _by_default(us: Subject, document: Path | None, *flags: str) -> Subject:
    """Ourselves with default settings, asked the same."""
    return replace(us, name=servers.DEFAULTS, command=servers.ours_by_default(document, *flags))


def _order_stubs(document: derive.Document) -> list[dict[str, object]]:
    """What WireMock answers to orders: one stub where the schema matches, one of lower priority where not."""
    example = document["paths"]["/orders"]["post"]["responses"]["201"]["content"]["application/json"]["example"]
    schema = derive.dump(derive.stored_schema(document)).decode()
    matcher = {"matchesJsonSchema": schema, "schemaVersion": "V202012"}
    problem = {"title": "The request breaks the document", "status": 422}
    return [
        servers.stub("/orders", example, status=201, method="POST", bodyPatterns=[matcher]) | {"priority": 1},
        servers.stub("/orders", problem, status=422, method="POST") | {"priority": 2},
    ]


def _operations_of_ours(bench: Bench, count: int) -> Subject:
    document = _write(bench, f"operations-{count}.json", derive.many(count))
    return Subject(
        name=f"{servers.US}, {count:,} operation{'s' if count > 1 else ''}",
        command=servers.ours(document, *_STORED),
        load=Load(targets=derive.many_targets(count)),
        check=_gives(derive.many_example(0)),
    )


def _write(bench: Bench, name: str, document: derive.Document) -> Path:
    path = bench.work / name
    path.write_bytes(derive.dump(document))
    return path


def _record(bench: Bench, subject: Subject, name: str) -> Path:
    """Let us answer once, and keep the answer for those that repeat it; uvicorn adds the date."""
    reply = record(bench, subject, one_core_each())
    fields = tuple((name, value) for name, value in reply.fields if name.lower() != "date")
    folder = bench.work / name
    Recorded(reply.status, fields, reply.body).save(folder)
    return folder


def _gives(value: object, status: int = 200) -> Check:
    """The answer has to be this JSON value."""

    def check(reply: Reply) -> str | None:
        if reply.status != status:
            return _wrong_status(reply, str(status))
        return None if reply.json() == value else f"its answer is not the example: {reply.body[:200]!r}"

    return check


def _makes(items: int | None = None) -> Check:
    """The answer has to be a list of objects, of so many where the document says so."""

    def check(reply: Reply) -> str | None:
        if reply.status != 200:
            return _wrong_status(reply, "200")
        value = reply.json()
        if (
            isinstance(value, list)
            and (items is None or len(value) == items)
            and all(isinstance(item, dict) for item in value)
        ):
            return None
        return f"its answer is not the list that the document describes: {reply.body[:200]!r}"

    return check


def _found(reply: Reply) -> str | None:
    """The answer has to be an object."""
    if reply.status != 200:
        return _wrong_status(reply, "200")
    return None if isinstance(reply.json(), dict) else f"its answer is no JSON object: {reply.body[:200]!r}"


def _refuses(reply: Reply) -> str | None:
    """The answer has to be a refusal; how many violations it lists is counted apart."""
    return None if reply.status in {400, 422} else _wrong_status(reply, "400 or 422")


def _wrong_status(reply: Reply, wanted: str) -> str:
    return f"it answers {reply.status} and not {wanted}: {reply.body[:200]!r}"
