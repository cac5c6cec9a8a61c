"""Stub mappings at run time: judged, ordered, of the server or of a world."""

from collections.abc import Callable

import orjson
import pytest

from mock_server.errors import ScriptError, UsageError
from mock_server.exchange.message import Request
from mock_server.json_values import format_pointer
from mock_server.respond.fast_path import FastPath
from mock_server.respond.mappings import Mappings, list_scenarios, reset_scenarios, set_state
from mock_server.respond.match.near_misses import match_result, near_stubs
from mock_server.respond.match.request_pattern import PatternRequest
from mock_server.server.backend import Backend
from tests.support.mocks import Mock, body_of, fields_of, minimal, operation

ORDER = {"type": "object", "required": ["id"], "properties": {"id": {"type": "integer"}, "state": {"type": "string"}}}
GET = operation(
    ORDER,
    operationId="getOrder",
    parameters=[{"name": "id", "in": "path", "required": True, "schema": {"type": "integer"}}],
)
PUT = {**GET, "operationId": "putOrder"}
DOCUMENT = minimal({"/orders/{id}": {"get": GET, "put": PUT}}, servers=[{"url": "/api"}])
SEVEN = {
    "request": {"method": "GET", "urlPath": "/api/orders/7"},
    "response": {"jsonBody": {"id": 7, "state": "mapped"}},
}


@pytest.fixture
def orders(mock: Callable[..., Mock]) -> Mock:
    return mock(DOCUMENT)


@pytest.fixture
def stubs(orders: Mock) -> Mappings:
    found = Mappings([orders.responder])
    orders.worlds.keepers["mappings"] = found
    return found


def answered(state: str, **request: object) -> dict[str, object]:
    return {"request": {"urlPath": "/api/orders/7", **request}, "response": {"jsonBody": {"id": 7, "state": state}}}


def test_a_mapping_answers_until_it_is_removed(orders: Mock, stubs: Mappings) -> None:
    mapping = stubs.add({**SEVEN, "name": "seven"})
    answer = orders.ask("/api/orders/7")

    assert body_of(answer) == {"id": 7, "state": "mapped"}
    assert fields_of(answer)["x-mock-source"] == "mapping:seven"
    assert fields_of(answer)["content-type"] == "application/json"
    assert orders.ask("/api/orders/8").source == "generated"
    assert stubs.remove(mapping.id)
    assert orders.ask("/api/orders/7").source == "generated"
    assert not stubs.remove(mapping.id)


def test_what_was_kept_ready_is_not_sent_while_there_are_mappings(mock: Callable[..., Mock]) -> None:
    schema = {"type": "string", "example": "stored"}
    asked = mock(minimal({"/a": {"get": operation(schema, operationId="a")}}), {"fixtures/a/one.json": '"fixed"'})
    express, stubs = FastPath(asked.responder), Mappings([asked.responder])
    ready = express.find(Request("GET", b"/a", b"", [], b""))
    assert ready is not None
    assert ready.body == b'"fixed"'

    mapping = stubs.add({"request": {"urlPath": "/a"}, "response": {"jsonBody": "mapped"}})

    assert express.find(Request("GET", b"/a", b"", [], b"")) is None
    assert asked.ask("/a").body == b'"mapped"'
    stubs.remove(mapping.id)
    assert express.find(Request("GET", b"/a", b"", [], b"")) is not None


def test_the_lowest_priority_answers_and_of_equals_the_last_one(orders: Mock, stubs: Mappings) -> None:
    stubs.add({**answered("first"), "priority": 1})
    stubs.add(answered("usual"))
    assert body_of(orders.ask("/api/orders/7")) == {"id": 7, "state": "first"}

    stubs.add({**answered("second"), "priority": 1})
    assert body_of(orders.ask("/api/orders/7")) == {"id": 7, "state": "second"}


def test_a_mapping_of_a_world_answers_there_only_and_goes_with_it(orders: Mock, stubs: Mappings) -> None:
    stubs.add(answered("all"))
    stubs.add({**answered("anna"), "metadata": {"world": "anna"}})

    def state(world: str) -> object:
        return body_of(orders.ask("/api/orders/7", headers={"x-mock-world": world}))["state"]  # type: ignore[index]

    assert [state("anna"), state("ben"), body_of(orders.ask("/api/orders/7"))] == [
        "anna",
        "all",
        {"id": 7, "state": "all"},
    ]
    orders.worlds.fork("anna", "carla")
    assert [state("anna"), state("carla")] == ["anna", "anna"]
    kept = orders.worlds.snapshot("anna")
    orders.worlds.reset("anna")
    assert [state("anna"), state("carla")] == ["all", "anna"]
    orders.worlds.restore("anna", orjson.loads(orjson.dumps(kept)))
    assert state("anna") == "anna"
    with pytest.raises(UsageError, match="mapping of the snapshot"):
        stubs.restore("anna", [{"request": {"host": "x"}}])


@pytest.mark.parametrize(
    ("value", "pointer", "word"),
    [
        ({**SEVEN, "response": {"jsonBody": {"id": "7"}}}, "/response", "integer"),
        ({**SEVEN, "response": {"status": 201, "jsonBody": {"id": 7}}}, "/response", "not documented"),
        ({**SEVEN, "response": {}}, "/response", "body is missing"),
        ({**SEVEN, "request": {"urlPath": "/orders/7"}}, "/request", "allowInvalid"),
        ({**SEVEN, "request": {"method": "PATCH", "urlPathTemplate": "/api/orders/{id}"}}, "/request", "allowInvalid"),
        ({**SEVEN, "request": {"urlPattern": "["}}, "/request/urlPattern", "regular expression"),
        ({**SEVEN, "response": {"bodyFileName": "x"}}, "/response/bodyFileName", "not supported"),
        ({**SEVEN, "response": {"proxyBaseUrl": "http://x"}}, "/response/proxyBaseUrl", "not supported"),
        ({**SEVEN, "response": {"body": "", "jsonBody": 1}}, "/response/jsonBody", "one of"),
        ({**SEVEN, "response": {"base64Body": "?"}}, "/response/base64Body", "Base64"),
        ({**SEVEN, "response": {"transformers": ["x"]}}, "/response/transformers", "response-template"),
        (
            {**SEVEN, "response": {"jsonBody": {"id": "{{ x }}"}, "transformers": ["response-template"]}},
            "/response/jsonBody/id",
            "expression",
        ),
        ({**SEVEN, "response": {"headers": {"a b": "c"}}}, "/response/headers/a b", "header field"),
        ({**SEVEN, "response": {"fixedDelayMilliseconds": -1}}, "/response/fixedDelayMilliseconds", "delay"),
        ({**SEVEN, "response": {"delayDistribution": {"type": "x"}}}, "/response/delayDistribution", "x"),
        ({**SEVEN, "response": {"fault": "BOOM"}}, "/response/fault", "BOOM"),
        ({**SEVEN, "response": {"status": 42}}, "/response/status", "200 to 599"),
        ({**SEVEN, "postServeActions": []}, "/postServeActions", "not supported"),
        ({**SEVEN, "requiredScenarioState": "x"}, "/requiredScenarioState", "scenarioName"),
        ({**SEVEN, "id": "x"}, "/id", "UUID"),
        ({**SEVEN, "metadata": {"allowInvalid": 1}}, "/metadata/allowInvalid", "true or false"),
        ([], "", "object"),
    ],
)
def test_a_wrong_mapping_is_refused_with_its_place(stubs: Mappings, value: object, pointer: str, word: str) -> None:
    with pytest.raises(ScriptError) as caught:
        stubs.add(value)  # type: ignore[arg-type]

    assert format_pointer(caught.value.pointer) == pointer
    assert word in caught.value.reason
    assert len(stubs) == 0


def test_one_that_may_be_invalid_answers_all_the_same(orders: Mock, stubs: Mappings) -> None:
    stubs.add(
        {
            "request": {"urlPath": "/api/orders/7"},
            "response": {"status": 418, "body": "tea"},
            "metadata": {"allowInvalid": True},
        }
    )
    stubs.add({"request": {"urlPath": "/elsewhere"}, "response": {"body": "here"}, "metadata": {"allowInvalid": True}})

    assert (orders.ask("/api/orders/7").status, orders.ask("/api/orders/7").body) == (418, b"tea")
    assert orders.ask("/elsewhere").body == b"here"


def test_a_pattern_that_fits_many_operations_is_judged_when_it_answers_and_leaves_what_is_not_documented_alone(
    orders: Mock, stubs: Mappings
) -> None:
    stubs.add({"request": {"urlPattern": "/.*"}, "response": {"jsonBody": {"id": "x"}}})
    answer = orders.ask("/api/orders/7")

    assert (answer.status, answer.source) == (500, "problem:invalid-answer")
    assert "response-body-schema" in answer.body.decode()
    assert orders.ask("/nowhere").source == "problem:no-path"


def test_templates_look_the_request_up_and_are_judged_when_they_are_made(orders: Mock, stubs: Mappings) -> None:
    made = {
        "jsonBody": {"id": "{{ request.path.n }}", "state": "was {{ request.query.s }}"},
        "transformers": ["response-template"],
    }
    stubs.add({"request": {"urlPathTemplate": "/api/orders/{n}"}, "response": made})
    assert (
        orders.ask("/api/orders/7?s=x").source == "problem:invalid-answer"
    )  # a text of a template of its own is no number

    stubs.clear()
    made["jsonBody"]["id"] = "{{ number(request.path.n) }}"  # type: ignore[index]
    stubs.add({"request": {"urlPathTemplate": "/api/orders/{n}"}, "response": made})
    assert body_of(orders.ask("/api/orders/7?s=x")) == {"id": 7, "state": "was x"}
    assert orders.ask("/api/orders/none").source == "problem:invalid-answer"

    stubs.clear()
    stubs.add({**SEVEN, "response": {"body": '{"id":{{ request.path.id }}}', "transformers": ["response-template"]}})
    assert orders.ask("/api/orders/7").body == b'{"id":7}'
    stubs.add({**SEVEN, "response": {"body": '{"id":7,"state":"{{ request.path.id }}"}'}})
    assert body_of(orders.ask("/api/orders/7")) == {"id": 7, "state": "{{ request.path.id }}"}


def test_mappings_of_a_scenario_follow_its_state(orders: Mock, stubs: Mappings) -> None:
    stubs.add({**answered("open", method="GET"), "scenarioName": "sale", "requiredScenarioState": "Started"})
    stubs.add({**answered("bought", method="PUT"), "scenarioName": "sale", "newScenarioState": "Sold"})
    stubs.add({**answered("sold", method="GET"), "scenarioName": "sale", "requiredScenarioState": "Sold"})
    responders, everybody = [orders.responder], orders.worlds.everybody

    def state() -> object:
        return body_of(orders.ask("/api/orders/7"))["state"]  # type: ignore[index]

    assert state() == "open"
    assert orders.ask("/api/orders/7", "PUT").status == 200
    assert state() == "sold"
    assert list_scenarios(responders, stubs, everybody) == [
        {"id": "sale", "name": "sale", "state": "Sold", "possibleStates": ["Started", "Sold"]}
    ]
    set_state("sale", "Started", responders, stubs, everybody)
    assert state() == "open"
    set_state("sale", "Sold", responders, stubs, everybody)
    reset_scenarios(everybody)
    assert state() == "open"
    for name, other, word in (("no", "x", "no scenario"), ("sale", "x", "no state")):
        with pytest.raises(ScriptError, match=word):
            set_state(name, other, responders, stubs, everybody)


def test_an_import_takes_all_or_nothing(stubs: Mappings) -> None:
    known = stubs.add(SEVEN)
    with pytest.raises(ScriptError) as caught:
        stubs.import_({"mappings": [SEVEN, {"request": {"host": "x"}}]})
    assert caught.value.pointer == ("mappings", "1", "request", "host")
    assert len(stubs) == 1

    again = {**answered("new"), "id": known.id}
    assert stubs.import_({"mappings": [again], "importOptions": {"duplicatePolicy": "IGNORE"}}) == 0
    assert stubs.find(known.id) is known
    assert stubs.import_({"mappings": [again, SEVEN]}) == 2
    assert stubs.find(known.id) is not known
    assert len(stubs) == 2
    assert stubs.import_({"mappings": [again], "importOptions": {"deleteAllNotInImport": True}}) == 1
    assert [mapping.id for mapping in stubs] == [known.id]
    assert stubs.replace(known.id, SEVEN) is not None
    assert stubs.replace("0", SEVEN) is None
    stubs.add({**SEVEN, "persistent": True})
    stubs.forget()
    assert [mapping.persistent for mapping in stubs] == [True]


def test_an_answer_brings_its_delay_and_its_fault(orders: Mock, stubs: Mappings) -> None:
    slow = {"type": "lognormal", "median": 80, "sigma": 0.4}
    stubs.add({**SEVEN, "response": {"fault": "EMPTY_RESPONSE", "delayDistribution": slow}})
    answer = orders.ask("/api/orders/7")

    assert (str(answer.delay), str(answer.fault)) == ("lognormal:80,0.4", "empty")


def test_what_came_close_is_said_with_its_differences(orders: Mock, stubs: Mappings) -> None:
    stubs.add({**SEVEN, "name": "near"})
    stubs.add({**answered("far", method="PUT", headers={"X-A": {"equalTo": "b"}}), "name": "far"})
    asked = PatternRequest(Request("GET", b"/api/order/7", b"", [], b""))
    near = near_stubs(stubs.candidates(orders.worlds.everybody), asked)

    assert [each.mapping.name for each in near] == ["near", "far"]
    result = match_result(near[0].mapping.pattern, asked)
    assert 0 < result["distance"] < 0.2  # type: ignore[operator]
    assert [difference["pointer"] for difference in result["differences"]] == ["/urlPath"]  # type: ignore[index,union-attr,call-overload]


@pytest.mark.parametrize(
    ("target", "hint"),
    [
        ("/api/order/7", "did you mean GET /api/orders/{id}?"),
        ("/orders/7", "did you mean GET /api/orders/{id}?"),
        ("/api/orders/7/lines/3/x", None),
        ("/completely/else", None),
    ],
)
def test_an_unknown_path_is_answered_with_what_may_have_been_meant(orders: Mock, target: str, hint: str | None) -> None:
    detail = str(body_of(orders.ask(target))["detail"])  # type: ignore[index]

    assert detail.endswith(hint) if hint else "did you mean" not in detail


def test_a_backend_has_mappings_that_its_worlds_keep(orders: Mock) -> None:
    backend = Backend.of(orders.responder)
    backend.stubs.add({**SEVEN, "metadata": {"world": "w"}})
    assert backend.worlds.snapshot("w")["kept"]["mappings"]  # type: ignore[index,call-overload]

    backend.worlds.drop("w")

    assert len(backend.stubs) == 0
