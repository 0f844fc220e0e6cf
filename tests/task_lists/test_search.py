"""Text search in the titles and descriptions of tasks."""

import pytest

from chalicelib.task_lists.models import find_task_ids_by_prefix, replace_search_terms
from chalicelib.task_lists.search import MAX_MATCHES
from tests.support import Person, error_locations
from tests.table_stream import TaskStream


@pytest.fixture
def project(ann: Person, stream: TaskStream) -> str:
    return ann.create_project()


def _found(person: Person, text: str, parameters: str = "ordering=created_at") -> list[str]:
    answer = person.get(f"/api/tasks?q={text}&{parameters}")
    assert answer.status_code == 200, answer.json_body
    return [task["title"] for task in answer.json_body["items"]]


def test_tasks_are_found_by_the_beginnings_of_words_of_title_and_description(
    ann: Person, project: str, stream: TaskStream
) -> None:
    ann.create_task(project, "Deploy the API")
    ann.create_task(project, "Plan", description="Before the deployment, ask Zoë.")
    ann.create_task(project, "Redeploy")
    stream.deliver_new()
    assert _found(ann, "deploy") == ["Deploy the API", "Plan"]
    assert _found(ann, "DEPLOYM") == ["Plan"]
    assert _found(ann, "ZOE%20dep") == ["Plan"]
    assert _found(ann, "deploy%20nothing") == []
    assert _found(ann, "the", f"project={project}&ordering=-created_at") == [
        "Plan",
        "Deploy the API",
    ]


def test_a_search_can_be_combined_with_filters_orderings_and_pages(
    ann: Person, project: str, stream: TaskStream
) -> None:
    for priority in ("low", "high", "medium"):
        ann.create_task(project, f"report {priority}", priority=priority)
    ann.create_task(project, "report done", status="done")
    stream.deliver_new()
    first = ann.get("/api/tasks?q=rep&status=todo&ordering=priority&limit=2").json_body
    cursor = f"&cursor={first['next_cursor']}"
    second = ann.get(f"/api/tasks?q=rep&status=todo&ordering=priority&limit=2{cursor}").json_body
    titles = [task["title"] for task in first["items"] + second["items"]]
    assert titles == ["report high", "report medium", "report low"]


def test_a_deleted_task_or_one_without_the_word_is_no_longer_found(
    ann: Person, project: str, stream: TaskStream
) -> None:
    changed, deleted = ann.create_task(project, "alpha"), ann.create_task(project, "alpha too")
    stream.deliver_new()
    ann.patch(f"/api/tasks/{changed['id']}", {"title": "beta"})
    ann.delete(f"/api/tasks/{deleted['id']}")
    assert _found(ann, "alpha") == []  # before the index is updated
    stream.deliver_new()
    assert _found(ann, "beta") == ["beta"]
    assert find_task_ids_by_prefix(project, "alpha", limit=10) == set()
    ann.post(f"/api/tasks/{deleted['id']}/restore")
    stream.deliver_new()
    assert _found(ann, "alpha") == ["alpha too"]


def test_a_user_finds_no_tasks_of_projects_of_others(
    ann: Person, bob: Person, project: str, stream: TaskStream
) -> None:
    ann.create_task(project, "secret")
    stream.deliver_new()
    assert _found(bob, "secret") == []


def test_a_prefix_with_too_many_matches_is_refused(ann: Person, project: str) -> None:
    replace_search_terms(
        project, "x" * 52, removed=(), added=[f"a{n}" for n in range(MAX_MATCHES + 1)]
    )
    answer = ann.get("/api/tasks?q=a")
    assert (answer.status_code, error_locations(answer)) == (400, ["q"])
    assert ann.get("/api/tasks?q=a%20rare").status_code == 200
