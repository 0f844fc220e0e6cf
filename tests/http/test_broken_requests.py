"""What no route takes, sent to each of them."""

from typing import Any

import pytest

from app import app
from chalicelib.http.bodies import MAX_BYTES
from infra.openapi.routes import Route, list_routes
from tests.samples import build_sample
from tests.support import Person, error_locations

ROUTES = list_routes(app)
TAKING = [route for route in ROUTES if route.body is not None]
ASKING = [route for route in ROUTES if route.query is not None]
DEEP = b'{"a": ' * 33 + b"1" + b"}" * 33
# What is wrong as a whole, and what the answer says of it.
UNREADABLE = [
    (b"", "line 1 column 1"),
    (b"null", "must be a JSON object"),
    (b"[]", "must be a JSON object"),
    (b'"text"', "must be a JSON object"),
    (b"{", "line 1 column 2"),
    (b'{"a": "\xff"}', "byte 7"),
    ('{"a": 1}'.encode("utf-16"), "byte 0"),
    (b"[" * 100_000, "nested too deep"),
]
# What is wrong at one place; the code, and that place.
MISPLACED = [
    (DEEP, "invalid_json", "a" + ".a" * 32),
    (b'{"a": {"b": [1, NaN]}}', "invalid_json", "a.b[1]"),
    (b'{"a": Infinity}', "invalid_json", "a"),
    (b'{"a": [-Infinity]}', "invalid_json", "a[0]"),
    (b'{"a": [{"b": 1, "b": 2}]}', "invalid_json", "a[0].b"),
    (b'{"a": 1e999}', "invalid_json", "a"),
    (b'{"a": 9007199254740992}', "invalid_json", "a"),
    (b'{"a": -' + b"9" * 5000 + b"}", "invalid_json", "a"),
    (b'{"a": ["\\ud800"]}', "invalid", "a[0]"),
    (b'{"a": {"b": "\\u0000"}}', "invalid", "a.b"),
    (b'{"a": "\\u001b[2J"}', "invalid", "a"),
    (b'{"a": {"\\u009f": 1}}', "invalid", "a"),
    (b'{"nonsense": 1}', "invalid", "nonsense"),
]
EVERYTHING = dict.fromkeys(("project_id", "task_id", "user_id", "label_id", "refresh"), "nonsense")
OTHER_TYPES = [
    "",
    "text/plain",
    "text/json",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "application/json-patch+json",
]


def _name(value: Any) -> str:
    return value.name if isinstance(value, Route) else ""


def _address(route: Route) -> str:
    return route.path.replace("{", "").replace("}", "")


@pytest.mark.parametrize("route", TAKING, ids=_name)
def test_no_route_takes_a_body_that_cannot_be_read(ann: Person, route: Route) -> None:
    for raw, words in UNREADABLE:
        answer = ann.call(route.method, _address(route), raw=raw)
        assert (answer.status_code, answer.json_body["code"]) == (400, "invalid_json"), raw[:40]
        assert words in answer.json_body["detail"], raw[:40]


@pytest.mark.parametrize("route", TAKING, ids=_name)
def test_every_route_names_the_place_of_what_is_wrong(ann: Person, route: Route) -> None:
    for raw, code, place in MISPLACED:
        answer = ann.call(route.method, _address(route), raw=raw)
        assert (answer.status_code, answer.json_body["code"]) in {
            (400, "invalid_json"),
            (422, "invalid"),
        }
        assert answer.json_body["code"] == code, raw[:40]
        assert place in error_locations(answer), raw[:40]


@pytest.mark.parametrize("route", TAKING, ids=_name)
def test_no_route_takes_a_body_too_large_or_of_another_type(ann: Person, route: Route) -> None:
    answer = ann.call(route.method, _address(route), {"a": "x" * MAX_BYTES})
    assert (answer.status_code, answer.json_body["code"]) == (413, "payload_too_large")
    for kind in OTHER_TYPES:
        answer = ann.call(route.method, _address(route), {}, headers={"Content-Type": kind})
        assert (answer.status_code, answer.json_body["code"]) == (415, "unsupported_media_type")


@pytest.mark.parametrize("route", TAKING, ids=_name)
def test_a_number_that_is_none_or_overflows_is_refused_wherever_one_is_asked_for(
    ann: Person, route: Route
) -> None:
    """And one in place of anything else is no accident either."""
    least = build_sample(route.body, EVERYTHING)
    for name in least:
        for number in (10**15, -(10**15), 1.5):
            answer = ann.call(route.method, _address(route), least | {name: number})
            assert 400 <= answer.status_code < 500, (name, number)


def test_no_route_takes_a_parameter_that_it_does_not_know(ann: Person) -> None:
    for route in ROUTES:
        address = f"{_address(route)}?nonsense=1"
        body = build_sample(route.body, EVERYTHING) if route.body else None
        answer = ann.call(route.method, address, body)
        assert (answer.status_code, answer.json_body["code"]) == (400, "bad_request"), route.name
        assert "nonsense" in error_locations(answer), route.name


def test_no_route_takes_a_parameter_twice_or_with_characters_of_control(ann: Person) -> None:
    for route in ASKING:
        for name in route.query.__struct_fields__:
            for value in (f"x&{name}=y", "%00", "%1b", "%7f"):
                answer = ann.call(route.method, f"{_address(route)}?{name}={value}")
                assert answer.status_code == 400, (route.name, name, value)
                assert name in error_locations(answer), (route.name, name, value)


def test_a_method_that_a_path_has_not_is_named_with_those_it_has(ann: Person) -> None:
    methods: dict[str, set[str]] = {}
    for route in ROUTES:
        methods.setdefault(route.path, set()).add(route.method)
    for path, there in methods.items():
        for method in {"GET", "POST", "PUT", "PATCH", "DELETE"} - there:
            answer = ann.call(method, path.replace("{", "").replace("}", ""))
            assert (answer.status_code, answer.json_body["code"]) == (405, "method_not_allowed")
            assert set(answer.headers["allow"].split(", ")) == {*there, "OPTIONS"}
