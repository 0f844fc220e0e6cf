"""Pages of lists."""

from tests.support import Person


def _check_pages(person: Person, path: str) -> None:
    assert len(person.get(path).json_body["items"]) == 25
    assert len(person.get(f"{path}&limit=26").json_body["items"]) == 26


def test_a_page_of_labels_has_25_items_unless_the_client_asks_for_another_number(
    ann: Person,
) -> None:
    path = f"/api/projects/{ann.create_project()}/labels?"
    for number in range(26):
        assert ann.post(path, {"name": f"label {number}"}).status_code == 201
    _check_pages(ann, path)


def test_a_page_of_tasks_has_25_items_unless_the_client_asks_for_another_number(
    ann: Person,
) -> None:
    create = {"op": "create", "project": ann.create_project(), "title": "x"}
    assert ann.post("/api/tasks/bulk", {"operations": [create] * 26}).status_code == 200
    _check_pages(ann, f"/api/tasks?project={create['project']}")
