from collections.abc import Callable

import pytest

from tests.support import Person

KEY = {"Idempotency-Key": "7f3c"}


def test_the_same_request_again_gets_the_first_answer(ann: Person) -> None:
    first = ann.post("/api/projects", {"name": "Launch"}, headers=KEY)
    again = ann.post("/api/projects", {"name": "Launch"}, headers=KEY)
    assert (again.status_code, again.json_body) == (201, first.json_body)
    assert len(ann.get("/api/projects").json_body["items"]) == 1


def test_a_repetition_gets_the_first_answer_after_the_task_has_changed(ann: Person) -> None:
    body = {"project": ann.create_project(), "title": "Plan"}
    first = ann.post("/api/tasks", body, headers=KEY)
    ann.patch(f"/api/tasks/{first.json_body['id']}", {"title": "changed"})
    assert ann.post("/api/tasks", body, headers=KEY).json_body == first.json_body


def test_a_key_is_valid_for_25_hours(ann: Person, set_time: Callable[..., None]) -> None:
    set_time("2026-11-16T09:00:00", ann)
    first = ann.post("/api/projects", {"name": "Launch"}, headers=KEY)
    set_time("2026-11-17T10:00:00", ann)
    again = ann.post("/api/projects", {"name": "Launch"}, headers=KEY)
    assert again.json_body["id"] == first.json_body["id"]
    set_time("2026-11-17T10:00:01", ann)
    later = ann.post("/api/projects", {"name": "Launch"}, headers=KEY)
    assert later.json_body["id"] != first.json_body["id"]


def test_a_conflict_with_another_object_is_no_repetition(ann: Person) -> None:
    path = f"/api/projects/{ann.create_project()}/labels"
    assert ann.post(path, {"name": "urgent"}).status_code == 201
    taken = ann.post(path, {"name": "Urgent"}, headers=KEY)
    assert (taken.status_code, taken.json_body["code"]) == (409, "name_taken")


def test_a_key_cannot_be_used_for_another_body(ann: Person) -> None:
    ann.post("/api/projects", {"name": "Launch"}, headers=KEY)
    other = ann.post("/api/projects", {"name": "Landing"}, headers=KEY)
    assert (other.status_code, other.json_body["code"]) == (422, "idempotency_key_reused")


def test_keys_of_different_callers_are_independent(ann: Person, bob: Person) -> None:
    first = ann.post("/api/projects", {"name": "Launch"}, headers=KEY).json_body
    second = bob.post("/api/projects", {"name": "Launch"}, headers=KEY).json_body
    assert first["id"] != second["id"]


def test_a_rejected_request_does_not_use_up_the_key(ann: Person) -> None:
    assert ann.post("/api/projects", {"name": ""}, headers=KEY).status_code == 422
    assert ann.post("/api/projects", {"name": "Launch"}, headers=KEY).status_code == 201


@pytest.mark.parametrize("key", ["", "k" * 256])
def test_a_key_has_1_to_255_characters(ann: Person, key: str) -> None:
    answer = ann.post("/api/projects", {"name": "x"}, headers={"Idempotency-Key": key})
    assert answer.status_code == 400


def test_a_key_is_bound_to_the_object_that_the_path_names(ann: Person) -> None:
    project = ann.create_project()
    body = {"filename": "a.txt", "content_type": "text/plain", "size": 5}
    first, second = (ann.create_task(project)["id"] for _ in range(2))
    assert ann.post(f"/api/tasks/{first}/attachments", body, headers=KEY).status_code == 201
    other = ann.post(f"/api/tasks/{second}/attachments", body, headers=KEY)
    assert (other.status_code, other.json_body["code"]) == (422, "idempotency_key_reused")
