"""Pages of lists."""

from tests.support import Person


def test_a_page_has_25_items_unless_the_client_asks_for_another_number(ann: Person) -> None:
    create = {"op": "create", "project": ann.create_project(), "title": "x"}
    assert ann.post("/api/tasks/bulk", {"operations": [create] * 26}).status_code == 200
    path = f"/api/tasks?project={create['project']}"
    assert len(ann.get(path).json_body["items"]) == 25
    assert len(ann.get(f"{path}&limit=26").json_body["items"]) == 26
