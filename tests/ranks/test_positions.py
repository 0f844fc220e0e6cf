"""The manual order: moving tasks, and lists in this order."""

import random
from collections.abc import Callable
from typing import Any

import pytest

from tests.support import Person, error_locations
from tests.table_items import scan_items
from tests.table_stream import TaskStream

Task = dict[str, Any]


@pytest.fixture
def project(ann: Person) -> str:
    return ann.create_project()


def _create(ann: Person, project: str, titles: str) -> dict[str, str]:
    """Create a task for each letter and return the ids by letter."""
    return {title: ann.create_task(project, title)["id"] for title in titles}


def _move(person: Person, task_id: str, **place: str) -> Task:
    answer = person.patch(f"/api/tasks/{task_id}/position", place)
    assert answer.status_code == 200, answer.json_body
    task: Task = answer.json_body
    return task


def _titles(person: Person, project: str, parameters: str = "ordering=rank") -> str:
    tasks = person.list_all(f"/api/tasks?project={project}&{parameters}")
    return "".join(task["title"] for task in tasks)


def _rank_entries() -> list[str]:
    keys = (item["SK"]["S"] for item in scan_items())
    return [key for key in keys if key.startswith("BY#rank:")]


def test_until_a_task_is_moved_the_order_is_that_of_creation(ann: Person, project: str) -> None:
    tasks = _create(ann, project, "abc")
    assert _titles(ann, project) == "abc"
    assert _titles(ann, project, "ordering=-rank") == "cba"
    ranks = [ann.get(f"/api/tasks/{task_id}").json_body["rank"] for task_id in tasks.values()]
    assert ranks == sorted(ranks)
    assert _rank_entries() == []


def test_a_task_moves_directly_after_another(ann: Person, project: str) -> None:
    tasks = _create(ann, project, "abcd")
    moved = _move(ann, tasks["d"], after=tasks["a"])
    assert _titles(ann, project) == "adbc"
    assert (moved["version"], moved["title"]) == (2, "d")
    _move(ann, tasks["c"], after=tasks["a"])
    assert _titles(ann, project) == "acdb"
    _move(ann, tasks["a"], after=tasks["d"])
    assert _titles(ann, project) == "cdab"
    assert _titles(ann, project, "ordering=-rank") == "badc"


def test_a_task_moves_directly_before_another(ann: Person, project: str) -> None:
    tasks = _create(ann, project, "abcd")
    _move(ann, tasks["d"], before=tasks["a"])
    assert _titles(ann, project) == "dabc"
    _move(ann, tasks["c"], before=tasks["a"])
    assert _titles(ann, project) == "dcab"
    _move(ann, tasks["b"], before=tasks["c"])
    assert _titles(ann, project) == "dbca"


def test_a_new_task_comes_last(ann: Person, project: str) -> None:
    tasks = _create(ann, project, "ab")
    _move(ann, tasks["a"], after=tasks["b"])
    _create(ann, project, "c")
    assert _titles(ann, project) == "bac"


def test_a_task_between_others_of_its_status_stays_between_them(ann: Person, project: str) -> None:
    tasks = _create(ann, project, "abcdef")
    for title in "bdf":
        ann.patch(f"/api/tasks/{tasks[title]}/status", {"status": "done"})
    _move(ann, tasks["e"], after=tasks["a"])
    _move(ann, tasks["f"], before=tasks["d"])
    assert _titles(ann, project, "status=todo&ordering=rank") == "aec"
    assert _titles(ann, project, "status=done&ordering=rank") == "bfd"


def test_any_sequence_of_moves_gives_the_order_of_a_list(ann: Person, project: str) -> None:
    dice = random.Random(17)
    tasks = _create(ann, project, "abcdefgh")
    expected = list(tasks)
    for _ in range(150):
        title, other = dice.sample(list(tasks), 2)
        side = dice.choice(("after", "before"))
        _move(ann, tasks[title], **{side: tasks[other]})
        expected.remove(title)
        expected.insert(expected.index(other) + (side == "after"), title)
    assert _titles(ann, project, "ordering=rank&limit=3") == "".join(expected)


@pytest.mark.parametrize("side", ["after", "before"])
def test_moves_to_the_same_place_keep_ranks_short(ann: Person, project: str, side: str) -> None:
    tasks = _create(ann, project, "xabcdefgy")
    others, lengths = "abcdefg", set()
    for number in range(140):
        moved = _move(ann, tasks[others[number % len(others)]], **{side: tasks["x"]})
        lengths.add(len(moved["rank"]))
    assert max(lengths) == 32
    assert _titles(ann, project) == ("xgfedcbay" if side == "after" else "abcdefgxy")
    assert len(_rank_entries()) == len(others)


def test_tasks_without_room_between_them_get_new_ranks(
    ann: Person, project: str, wait: Callable[..., None]
) -> None:
    first = ann.create_task(project, "first")["id"]
    created = [ann.create_task(project, str(number))["id"] for number in range(34)]
    for task_id in created[:30]:
        _move(ann, task_id, after=first)
    wait(minutes=5)
    ann.log_in()
    cursor = ann.get("/api/changes").json_body["next_cursor"]
    for task_id in created[30:]:
        _move(ann, task_id, after=first)
    found = ann.list_all(f"/api/tasks?project={project}&ordering=rank&limit=100")
    assert [task["id"] for task in found] == [first, *reversed(created)]
    ranks = {task_id: ann.get(f"/api/tasks/{task_id}").json_body["rank"] for task_id in created}
    assert max(map(len, ranks.values())) <= 32
    assert len(_rank_entries()) == len(created)
    changed = ann.get(f"/api/changes?cursor={cursor}").json_body["items"]
    assert {task["id"]: task["rank"] for task in changed} == ranks


def test_the_same_move_again_changes_nothing(ann: Person, project: str) -> None:
    tasks = _create(ann, project, "abc")
    for place in ({"after": tasks["a"]}, {"before": tasks["a"]}):
        first = _move(ann, tasks["c"], **place)
        items = scan_items()
        assert _move(ann, tasks["c"], **place) == first
        assert scan_items() == items


def test_a_key_names_the_other_task(ann: Person, project: str) -> None:
    _create(ann, project, "ab")
    answer = ann.patch("/api/tasks/LAUN-1/position", {"after": "laun-2"})
    assert answer.status_code == 200
    assert _titles(ann, project) == "ba"


@pytest.mark.parametrize("body", [{}, {"after": "LAUN-1", "before": "LAUN-1"}])
def test_exactly_one_neighbor_is_sent(ann: Person, project: str, body: Task) -> None:
    tasks = _create(ann, project, "ab")
    answer = ann.patch(f"/api/tasks/{tasks['b']}/position", body)
    assert (answer.status_code, error_locations(answer)) == (422, ["after", "before"])


@pytest.mark.parametrize("side", ["after", "before"])
def test_the_other_task_must_be_another_one_of_the_project(
    ann: Person, project: str, side: str
) -> None:
    tasks = _create(ann, project, "abc")
    ann.delete(f"/api/tasks/{tasks['c']}")
    foreign = ann.create_task(ann.create_project("Other"))["id"]
    for other in (tasks["a"], tasks["c"], foreign, "LAUN-99", "", "nonsense"):
        answer = ann.patch(f"/api/tasks/{tasks['a']}/position", {side: other})
        assert (answer.status_code, error_locations(answer)) == (422, [side]), other


def test_if_match_is_honored(ann: Person, project: str) -> None:
    tasks = _create(ann, project, "ab")
    path = f"/api/tasks/{tasks['a']}"
    etag = ann.get(path).headers["ETag"]
    move = {"after": tasks["b"]}
    answer = ann.patch(f"{path}/position", move, headers={"If-Match": etag})
    assert answer.headers["ETag"] == ann.get(path).headers["ETag"]
    refused = ann.patch(f"{path}/position", {"before": tasks["b"]}, headers={"If-Match": etag})
    assert refused.status_code == 412
    assert _titles(ann, project) == "ba"


def test_an_archived_project_refuses_moves(ann: Person, project: str) -> None:
    tasks = _create(ann, project, "ab")
    ann.post(f"/api/projects/{project}/archive")
    answer = ann.patch(f"/api/tasks/{tasks['a']}/position", {"after": tasks["b"]})
    assert (answer.status_code, answer.json_body["code"]) == (409, "archived")


def test_a_task_keeps_its_rank_in_the_trash(ann: Person, project: str) -> None:
    tasks = _create(ann, project, "abc")
    rank = _move(ann, tasks["c"], after=tasks["a"])["rank"]
    ann.delete(f"/api/tasks/{tasks['c']}")
    assert _rank_entries() == []
    assert _titles(ann, project) == "ab"
    (trashed,) = ann.get(f"/api/trash?project={project}").json_body["items"]
    assert trashed["rank"] == rank
    assert ann.post(f"/api/tasks/{tasks['c']}/restore").json_body["rank"] == rank
    assert _titles(ann, project) == "acb"


def test_the_changes_feed_returns_a_moved_task(
    ann: Person, project: str, wait: Callable[..., None]
) -> None:
    tasks = _create(ann, project, "ab")
    wait(minutes=5)
    ann.log_in()
    cursor = ann.get("/api/changes").json_body["next_cursor"]
    moved = _move(ann, tasks["a"], after=tasks["b"])
    (item,) = ann.get(f"/api/changes?cursor={cursor}").json_body["items"]
    assert (item["id"], item["rank"], item["version"]) == (tasks["a"], moved["rank"], 2)


def test_a_move_is_no_activity(ann: Person, project: str, stream: TaskStream) -> None:
    tasks = _create(ann, project, "ab")
    _move(ann, tasks["a"], after=tasks["b"])
    stream.deliver_new()
    activity = ann.get(f"/api/tasks/{tasks['a']}/activity").json_body["items"]
    assert [entry["action"] for entry in activity] == ["created"]
