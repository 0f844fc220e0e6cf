"""Text in requests: normalized, trimmed, visible, and refused in words."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from chalice.test import HTTPResponse
from msgspec import inspect

from app import app
from chalicelib.tasks.schemas import WholeTask
from infra.openapi.routes import list_routes
from tests.support import Person, error_locations

DECOMPOSED, COMPOSED = "cafe\u0301", "caf\u00e9"
BLANK = {
    "spaces": "   ",
    "no-break space": "\u00a0",
    "ideographic space": "\u3000",
    "zero-width space": "\u200b",
    "byte order mark": "\ufeff",
    "word joiner": "\u2060 \u2060",
    "Hangul filler": "\u3164",
    "variation selector": "\ufe0f",
    "Braille blank": "\u2800",
    "tag": "\U000e0041",
}
SEVERAL_LINES = ["a\nb", "a\tb", "a\r\nb", "a\u2028b", "a\u2029b", "a\n", "\ta"]


class Place:
    """A project and what is in it, with a request for each field that takes a line of text."""

    def __init__(self, person: Person) -> None:
        self.person = person
        project = person.create_project()
        self.project, self.labels = f"/api/projects/{project}", f"/api/projects/{project}/labels"
        task = person.create_task(project)
        self.task = f"/api/tasks/{task['id']}"
        label = person.post(self.labels, {"name": "urgent"}).json_body["id"]
        whole_task = {name: task[name] for name in WholeTask.__struct_fields__}
        tomorrow = (datetime.now(UTC) + timedelta(days=1)).isoformat()
        operation = {"op": "create", "project": project}
        bulk = {"operations": [operation], "atomic": True}
        token = {"scopes": ["tasks:read"], "expires_at": tomorrow}
        file = {"content_type": "image/png", "size": 1}
        self.requests: dict[str, tuple[str, str, dict[str, Any]]] = {
            "new task": ("POST", "/api/tasks", {"project": project}),
            "task": ("PATCH", self.task, {}),
            "whole task": ("PUT", self.task, whole_task),
            "bulk operation": ("POST", "/api/tasks/bulk", bulk),
            "new project": ("POST", "/api/projects", {}),
            "project": ("PATCH", self.project, {}),
            "whole project": ("PUT", self.project, {"description": ""}),
            "new label": ("POST", self.labels, {}),
            "label": ("PATCH", f"{self.labels}/{label}", {}),
            "new view": ("POST", "/api/views", {"filter": {}}),
            "API token": ("POST", "/api/auth/tokens", token),
            "attachment": ("POST", f"{self.task}/attachments", file),
            "display name": ("PATCH", "/api/auth/profile", {}),
        }

    def send(self, field: str, text: Any) -> HTTPResponse:
        """Send a request with `text` in the field."""
        method, path, body = self.requests[field]
        name = LINES[field].rpartition(".")[2]
        if "operations" in body:
            body = body | {"operations": [body["operations"][0] | {name: text}]}
        else:
            body = body | {name: text}
        return self.person.call(method, path, body)


REQUIRED = {
    "new task": "title",
    "task": "title",
    "whole task": "title",
    "bulk operation": "operations[0].title",
    "new project": "name",
    "project": "name",
    "whole project": "name",
    "new label": "name",
    "label": "name",
    "new view": "name",
    "API token": "name",
    "attachment": "filename",
}
LINES = REQUIRED | {"display name": "display_name"}


@pytest.fixture
def place(ann: Person) -> Place:
    return Place(ann)


@pytest.mark.parametrize("field", REQUIRED)
def test_text_with_nothing_visible_is_refused(place: Place, field: str) -> None:
    for name, text in BLANK.items():
        answer = place.send(field, text)
        assert (answer.status_code, error_locations(answer)) == (422, [REQUIRED[field]]), name
        assert "visible" in answer.json_body["errors"][0]["message"]


@pytest.mark.parametrize("field", LINES)
def test_a_line_has_neither_tabs_nor_ends_of_lines(place: Place, field: str) -> None:
    for text in SEVERAL_LINES:
        answer = place.send(field, text)
        assert (answer.status_code, error_locations(answer)) == (422, [LINES[field]]), text
        assert "one line" in answer.json_body["errors"][0]["message"]


@pytest.mark.parametrize("field", LINES)
def test_a_line_is_trimmed_and_in_nfc(place: Place, field: str) -> None:
    body = str(place.send(field, f" \u3000{DECOMPOSED} a\u200b\u00a0").body, "utf-8")
    assert f'"{COMPOSED} a"' in body


def test_a_blank_display_name_is_empty(ann: Person) -> None:
    for text in BLANK.values():
        answer = ann.patch("/api/auth/profile", {"display_name": text})
        assert answer.json_body["display_name"] == ""


def test_a_line_keeps_emoji_and_joiners_inside_it(place: Place) -> None:
    title = "\u2764\ufe0f \U0001f468\u200d\U0001f469 \u0645\u06cc\u200c\u062e"
    assert place.send("task", title).json_body["title"] == title


def test_the_length_counts_what_is_stored(place: Place) -> None:
    assert place.send("task", " " + "e\u0301" * 200 + " ").json_body["title"] == "\u00e9" * 200
    assert place.send("task", "\u00e9" * 201).status_code == 422


def test_a_comment_needs_something_visible_and_keeps_its_lines(place: Place) -> None:
    comments, text = f"{place.task}/comments", "  one\n\n\ttwo\n"
    for blank in [*BLANK.values(), "\n\t\n"]:
        answer = place.person.post(comments, {"body": blank})
        assert (answer.status_code, error_locations(answer)) == (422, ["body"])
    comment = place.person.post(comments, {"body": text}).json_body
    assert comment["body"] == text
    changed = place.person.patch(f"{comments}/{comment['id']}", {"body": "\u200b"})
    assert (changed.status_code, error_locations(changed)) == (422, ["body"])


def test_a_description_keeps_its_lines(place: Place) -> None:
    text = f"- {COMPOSED}\n- two\n"
    answer = place.person.patch(place.task, {"description": text.replace(COMPOSED, DECOMPOSED)})
    assert answer.json_body["description"] == text


def test_every_fault_of_a_body_is_named_in_the_order_of_its_fields(ann: Person) -> None:
    answer = ann.post("/api/projects", {"name": " ", "description": 5, "key": "x"})
    assert (answer.status_code, error_locations(answer)) == (422, ["name", "description", "key"])


def _list_text_types(kind: inspect.Type) -> Iterator[inspect.StrType]:
    match kind:
        case inspect.StrType():
            yield kind
        case inspect.Metadata(type=described):
            yield from _list_text_types(described)
        case inspect.ListType(item_type=item):
            yield from _list_text_types(item)
        case inspect.UnionType(types=types):
            for each in types:
                yield from _list_text_types(each)
        case inspect.StructType(fields=fields):
            for field in fields:
                yield from _list_text_types(field.type)


def test_no_field_leaves_a_pattern_to_msgspec_whose_message_would_quote_it() -> None:
    for route in list_routes(app):
        for model in (route.body, route.query):
            if model is not None:
                patterns = [each.pattern for each in _list_text_types(inspect.type_info(model))]
                assert set(patterns) <= {None}, f"use http.text_fields in {model.__name__}"


@pytest.mark.parametrize(
    ("path", "field", "words"),
    [
        ("/api/projects", "key", "capital letters"),
        ("{labels}", "color", "hexadecimal digits"),
        ("{task}/attachments", "filename", "must not contain /"),
        ("{task}/attachments", "content_type", "image/png"),
        ("{task}/attachments", "sha256", "64 hexadecimal digits"),
        ("/api/auth/register", "username", "letters with their marks"),
        ("/api/auth/register", "email", "ann@example.com"),
    ],
)
def test_the_message_says_in_words_what_a_field_takes(
    place: Place, path: str, field: str, words: str
) -> None:
    path = path.format(labels=place.labels, task=place.task)
    answer = place.person.post(path, {field: "a / \u00bd", "name": "x"})
    messages = {e["location"]: e["message"] for e in answer.json_body["errors"]}
    assert words in messages[field]
    assert all("regex" not in message and "^" not in message for message in messages.values())
