"""The default document, served: what a frontend developer sees."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from urllib.parse import quote

import httpx2
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from openapi_schema_validator import OAS30ReadValidator, oas30_format_checker
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT4

from mock_server import load
from mock_server.exchange.message import Response
from tests.support.mocks import Mock, body_of, fields_of
from tests.support.paths import DOCUMENT, ROOT
from tests.support.servers import Server, start_server, stop_server

TARGET = "/api/charger/{}/users"
WITH_KEY = TARGET + "?code=k&clientId=c"
FIXTURES = {
    "EMABLER_Charger10000": "no-access", "EMABLER_Charger20001": "large-site", "EMABLER_Charger20002": "large-site",
    "EMABLER_Charger30001": "charger-offline", "EMABLER_Charger40001": "expired-and-future-tag", "EMABLER_Charger00000": "unknown-charger",
}  # fmt: skip


@pytest.fixture(scope="module")
def second_judge() -> Callable[[int, object], list[str]]:
    """An independent judge: the jsonschema package with the dialect of OpenAPI 3.0."""
    document = load(DOCUMENT).resource.value
    registry = Registry().with_resource("urn:document", Resource(document, DRAFT4))

    def judge(status: int, value: object) -> list[str]:
        schema = {
            "$ref": f"urn:document#/paths/~1charger~1{{chargerId}}~1users/get/responses/{status}/content/application~1json/schema"
        }
        validator = OAS30ReadValidator(schema, registry=registry, format_checker=oas30_format_checker)
        return [error.message for error in validator.iter_errors(value)]

    return judge


def test_the_example_answers_for_its_charger_only(charger: Mock) -> None:
    paired = charger.ask(WITH_KEY.format("EMABLER_Charger12345"))
    other = charger.ask(WITH_KEY.format("EMABLER_Charger12346"))

    assert fields_of(paired)["x-mock-source"] == "example:twoDrivers"
    assert [driver["name"] for driver in body_of(paired)] == ["Aino Virtanen", "Mikael Lindqvist"]
    assert fields_of(other)["x-mock-source"] == "generated"


@pytest.mark.parametrize(("charger_id", "name"), FIXTURES.items())
def test_fixtures_answer_for_the_chargers_they_name(
    charger: Mock, charger_id: str, name: str, second_judge: Callable
) -> None:
    answer = charger.ask(WITH_KEY.format(charger_id))

    assert fields_of(answer)["x-mock-source"] == f"fixture:{name}"
    assert answer.status == (400 if name == "unknown-charger" else 200)
    assert second_judge(answer.status, body_of(answer)) == []


def test_the_large_site_is_large_and_three_deep(charger: Mock) -> None:
    drivers = body_of(charger.ask(WITH_KEY.format("EMABLER_Charger20001")))
    group, depth = drivers[0]["chargerGroups"][0], 0
    while group["subgroups"]:
        group, depth = group["subgroups"][0], depth + 1

    assert len(drivers) == 200
    assert depth == 3


ids = st.text(st.characters(codec="utf-8", exclude_characters="/?#"), min_size=1, max_size=20) | st.sampled_from(
    [*FIXTURES, "EMABLER_Charger12345"]
)
preferences = st.sampled_from(
    ["", "dynamic=true", "code=400", "code=200", "profile=minimal", "size=0", "size=30", "seed=x", "locale=de_DE", "example=twoDrivers",
     "fixture=large-site", "code=400, dynamic", "size=2, seed=9, dynamic"]
)  # fmt: skip


@given(
    charger_id=ids,
    prefer=preferences,
    accept=st.sampled_from([None, "*/*", "application/json", "application/*;q=0.5"]),
    method=st.sampled_from(["GET", "HEAD"]),
)
def test_any_answer_from_any_source_conforms_for_two_judges(
    charger: Mock, second_judge: Callable, charger_id: str, prefer: str, accept: str | None, method: str
) -> None:
    headers = {"prefer": prefer} if prefer else {}
    answer = charger.ask(
        WITH_KEY.format(quote(charger_id, safe="")),
        method,
        headers={**headers, **({"accept": accept} if accept else {})},
    )
    responder = charger.responder

    assert answer.status in {200, 400}
    assert fields_of(answer)["content-type"] == "application/json"
    assert (
        responder.judge_of(responder.document.entries[0]).judge(Response(answer.status, answer.fields, answer.body))
        == ()
    )
    assert second_judge(answer.status, body_of(answer)) == []


@pytest.mark.parametrize(
    ("query", "lacking"),
    [("", "'code'"), ("?code=k", "'clientId'"), ("?clientId=c", "'code'"), ("?code=&clientId=c", "'code'")],
)
def test_both_parts_of_the_key_are_needed(charger: Mock, query: str, lacking: str) -> None:
    answer = charger.ask(TARGET.format("X") + query)

    assert answer.status == 401
    assert answer.body == b""
    assert "ApiKey" in fields_of(answer)["www-authenticate"]
    assert lacking


@pytest.mark.parametrize(
    ("method", "target", "headers", "status", "problem"),
    [
        ("GET", "/api/nothing", {}, 404, "no-path"),
        ("GET", "/charger/X/users", {}, 404, "no-path"),
        ("POST", WITH_KEY.format("X"), {}, 405, "no-method"),
        ("GET", WITH_KEY.format("X"), {"accept": "*/*;q=0"}, 406, "not-acceptable"),
        ("GET", WITH_KEY.format("X"), {"prefer": "code=abc"}, 422, "malformed-preference"),
        ("GET", WITH_KEY.format("X"), {"prefer": "size=-1"}, 422, "malformed-preference"),
        ("GET", WITH_KEY.format("X"), {"prefer": "locale=xx_YY"}, 422, "malformed-preference"),
        ("GET", WITH_KEY.format("X"), {"prefer": "code=503"}, 404, "not-documented"),
        ("GET", WITH_KEY.format("X"), {"prefer": "example=none"}, 404, "not-documented"),
        ("GET", WITH_KEY.format("X"), {"prefer": "fixture=none"}, 404, "not-documented"),
    ],
)
def test_what_the_document_has_no_words_for_is_a_problem(
    charger: Mock, method: str, target: str, headers: dict[str, str], status: int, problem: str
) -> None:
    answer = charger.ask(target, method, headers=headers)

    assert answer.status == status
    assert fields_of(answer)["content-type"] == "application/problem+json"
    assert body_of(answer)["type"] == f"urn:mock-server:problem:{problem}"
    assert body_of(answer)["status"] == status
    assert body_of(answer)["detail"]


def test_a_wrong_method_says_which_are_allowed(charger: Mock) -> None:
    assert fields_of(charger.ask(WITH_KEY.format("X"), "DELETE"))["allow"] == "GET, HEAD, OPTIONS"
    assert fields_of(charger.ask(WITH_KEY.format("X"), "OPTIONS"))["allow"] == "GET, HEAD, OPTIONS"


@pytest.mark.parametrize(
    ("prefer", "source", "status", "applied"),
    [
        ("code=400", "example:unknownCharger", 400, "code=400"),
        ("code=401", "empty", 401, "code=401"),
        ("example=twoDrivers", "example:twoDrivers", 200, "example=twoDrivers"),
        ("dynamic=true", "generated", 200, "dynamic=true"),
        ("fixture=charger-offline", "fixture:charger-offline", 200, "fixture=charger-offline"),
        ("seed=7", "generated", 200, "seed=7"),
        ("size=50", "generated", 200, "size=50"),
        ("profile=minimal", "generated", 200, "profile=minimal"),
        ("locale=de_DE", "generated", 200, "locale=de_DE"),
        ("respond-async", "example:twoDrivers", 200, None),
    ],
)
def test_preferences_are_obeyed_and_reported(
    charger: Mock, prefer: str, source: str, status: int, applied: str | None
) -> None:
    answer = charger.ask(WITH_KEY.format("EMABLER_Charger12345"), headers={"prefer": prefer})

    assert (answer.status, fields_of(answer)["x-mock-source"]) == (status, source)
    assert fields_of(answer).get("preference-applied") == applied


def test_preferences_stand_in_the_query_as_well(charger: Mock) -> None:
    answer = charger.ask(WITH_KEY.format("X") + "&__code=400")

    assert (answer.status, fields_of(answer)["preference-applied"]) == (400, "code=400")


def test_a_wished_size_is_given(charger: Mock) -> None:
    for size in (0, 1, 50):
        assert len(body_of(charger.ask(WITH_KEY.format("X"), headers={"prefer": f"size={size}"}))) == size


def test_the_key_is_no_part_of_what_an_answer_depends_on(charger: Mock) -> None:
    one = charger.ask(TARGET.format("X") + "?code=k&clientId=c")
    other = charger.ask(TARGET.format("X") + "?clientId=d&code=another")

    assert one.body == other.body
    assert one.body != charger.ask(WITH_KEY.format("Y")).body


SCRIPT = """
import sys, hashlib
sys.path.insert(0, {tests!r})
from tests.support.mocks import Mock
from mock_server.respond.open import open_responder
from mock_server.settings import Settings
mock = Mock(open_responder({document!r}, Settings(seed={seed})).responder)
order = range(50) if {forwards} else reversed(range(50))
found = {{n: mock.ask(f"/api/charger/EMABLER_Charger9{{n:04d}}/users?code=k&clientId=c") for n in order}}
print([hashlib.sha256(found[n].body).hexdigest() for n in range(50)])
"""


def digests(seed: int, *, forwards: bool, hash_seed: str) -> str:
    script = SCRIPT.format(tests=str(ROOT / "tests"), document=str(DOCUMENT), seed=seed, forwards=forwards)
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", script],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=True,
        env={"PYTHONHASHSEED": hash_seed, "PATH": ""},
    )
    return done.stdout


def test_the_same_seed_gives_the_same_bytes_in_another_process_and_another_order() -> None:
    one = digests(0, forwards=True, hash_seed="1")

    assert one == digests(0, forwards=False, hash_seed="2")
    assert one != digests(1, forwards=True, hash_seed="1")


def test_restarting_with_the_same_seed_gives_the_same_answers(serve: Callable[..., Server]) -> None:
    def answers(seed: str) -> list[bytes]:
        server = serve("--seed", seed, "--log-format", "none")
        found = [httpx2.get(f"{server.url}/charger/C{n}/users?code=k&clientId=c").content for n in range(50)]
        server.process.kill()
        server.process.wait()
        return found

    one = answers("3")

    assert one == answers("3")
    assert one != answers("4")


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    running = start_server("--log-format", "none")
    yield running
    stop_server(running)


def test_the_pages_beside_the_api_are_served(server: Server) -> None:
    health = httpx2.get(f"{server.origin}/__admin/health").json()
    as_json = httpx2.get(f"{server.origin}/openapi.json").json()
    as_yaml = httpx2.get(f"{server.origin}/openapi.yaml")
    ui = httpx2.get(f"{server.origin}/ui", follow_redirects=True)

    assert (health["status"], health["operations"]) == ("up", 1)
    assert as_json["servers"][0]["url"] == "/api"
    assert as_json["paths"] == load(DOCUMENT).resource.value["paths"]
    assert as_yaml.headers["content-type"] == "application/yaml"
    assert "swagger-ui" in ui.text
    assert "/__admin/ui.json" in ui.text


def test_a_page_of_any_origin_may_call(server: Server) -> None:
    url = f"{server.url}/charger/X/users?code=k&clientId=c"
    preflight = httpx2.options(
        url,
        headers={
            "Origin": "http://a.test",
            "Access-Control-Request-Method": "GET",
            "Access-Control-Request-Headers": "prefer",
        },
    )
    got = httpx2.get(url, headers={"Origin": "http://a.test"})

    assert preflight.status_code == 204
    assert preflight.headers["access-control-allow-headers"] == "prefer"
    assert got.headers["access-control-allow-origin"] == "http://a.test"


def test_head_is_get_without_a_body(server: Server) -> None:
    url = f"{server.url}/charger/X/users?code=k&clientId=c"
    got, head = httpx2.get(url), httpx2.head(url)

    assert head.content == b""
    assert head.headers["content-length"] == str(len(got.content))
    assert head.headers["content-type"] == got.headers["content-type"]


def test_what_is_sent_is_json_that_orjson_reads(charger: Mock) -> None:
    assert orjson.loads(charger.ask(WITH_KEY.format("%F0%9F%94%8C")).body)
