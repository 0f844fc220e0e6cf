"""Invalid requests, sent to every route."""

from typing import Any

import pytest
from msgspec import inspect

from app import app
from chalicelib.http.bodies import MAX_BYTES
from infra.openapi.routes import Route, list_routes
from tests.samples import build_sample
from tests.support import Person, error_locations

ROUTES = list_routes(app)
WITH_BODY = [route for route in ROUTES if route.body is not None]
WITH_QUERY = [route for route in ROUTES if route.query is not None]
DEEP = b'{"a": ' * 33 + b"1" + b"}" * 33
# Bodies that are wrong as a whole, and what the detail contains.
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
# Bodies that are wrong at one location: the code and the location.
INVALID_AT = [
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
IDS = dict.fromkeys(("project_id", "task_id", "user_id", "label_id", "refresh"), "nonsense")
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


def _path(route: Route) -> str:
    return route.path.replace("{", "").replace("}", "")


@pytest.mark.parametrize("route", WITH_BODY, ids=_name)
def test_every_route_rejects_a_body_that_cannot_be_read(ann: Person, route: Route) -> None:
    for raw, detail in UNREADABLE:
        if not raw and not route.view.requires_body:  # type: ignore[attr-defined]
            continue
        answer = ann.call(route.method, _path(route), raw=raw)
        assert (answer.status_code, answer.json_body["code"]) == (400, "invalid_json"), raw[:40]
        assert detail in answer.json_body["detail"], raw[:40]


@pytest.mark.parametrize("route", WITH_BODY, ids=_name)
def test_every_route_names_the_location_of_an_error(ann: Person, route: Route) -> None:
    for raw, code, location in INVALID_AT:
        answer = ann.call(route.method, _path(route), raw=raw)
        assert (answer.status_code, answer.json_body["code"]) in {
            (400, "invalid_json"),
            (422, "invalid"),
        }
        assert answer.json_body["code"] == code, raw[:40]
        assert location in error_locations(answer), raw[:40]


@pytest.mark.parametrize("route", WITH_BODY, ids=_name)
def test_every_route_rejects_a_body_that_is_too_large_or_not_json(
    ann: Person, route: Route
) -> None:
    answer = ann.call(route.method, _path(route), {"a": "x" * MAX_BYTES})
    assert (answer.status_code, answer.json_body["code"]) == (413, "payload_too_large")
    for content_type in OTHER_TYPES:
        answer = ann.call(route.method, _path(route), {}, headers={"Content-Type": content_type})
        assert (answer.status_code, answer.json_body["code"]) == (415, "unsupported_media_type")


@pytest.mark.parametrize("route", WITH_BODY, ids=_name)
def test_every_field_rejects_an_integer_that_is_too_large_and_a_fraction(
    ann: Person, route: Route
) -> None:
    """A number in a field of another type is no server error either."""
    minimal = build_sample(route.body, IDS)
    for name in minimal:
        for number in (10**15, -(10**15), 1.5):
            answer = ann.call(route.method, _path(route), minimal | {name: number})
            assert 400 <= answer.status_code < 500, (name, number)


def test_every_route_rejects_an_unknown_parameter(ann: Person) -> None:
    for route in ROUTES:
        path = f"{_path(route)}?nonsense=1"
        body = build_sample(route.body, IDS) if route.body else None
        answer = ann.call(route.method, path, body)
        assert (answer.status_code, answer.json_body["code"]) == (400, "bad_request"), route.name
        assert "nonsense" in error_locations(answer), route.name


def test_every_route_rejects_repeated_parameters_and_control_characters(ann: Person) -> None:
    for route in WITH_QUERY:
        body = build_sample(route.body, IDS) if route.body else None
        for field in inspect.type_info(route.query).fields:
            name = field.encode_name
            # A parameter with several values may be repeated.
            repeated = [] if _is_list(field.type) else [f"x&{name}=y"]
            for value in (*repeated, "%00", "%1b", "%7f"):
                answer = ann.call(route.method, f"{_path(route)}?{name}={value}", body)
                assert answer.status_code == 400, (route.name, name, value)
                assert name in error_locations(answer), (route.name, name, value)


def _is_list(kind: Any) -> bool:
    """Return whether a type is a list, also one with metadata or in a union."""
    parts = (*getattr(kind, "types", ()), getattr(kind, "type", None))
    return isinstance(kind, inspect.ListType) or any(map(_is_list, filter(None, parts)))


def test_an_unsupported_method_is_a_405_that_lists_the_supported_ones(ann: Person) -> None:
    methods: dict[str, set[str]] = {}
    for route in ROUTES:
        methods.setdefault(route.path, {"OPTIONS"}).add(route.method)
        if route.method == "GET":
            methods[route.path].add("HEAD")
    for path, supported in methods.items():
        for method in {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "BREW"} - supported:
            answer = ann.call(method, path.replace("{", "").replace("}", ""))
            assert (answer.status_code, answer.json_body["code"]) == (405, "method_not_allowed")
            assert set(answer.headers["allow"].split(", ")) == supported
