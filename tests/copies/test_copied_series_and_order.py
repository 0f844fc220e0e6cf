"""Recurring tasks, and the manual order, after moves and in duplicates."""

from typing import Any

import pytest

from tests.copies.test_project_copies import duplicate_project
from tests.counter_checks import count_drift
from tests.support import Person, error_locations

WEEKLY = "FREQ=WEEKLY;BYDAY=MO"
MONDAY, NEXT_MONDAY = "2026-11-30", "2026-12-07"

Task = dict[str, Any]


def _post(person: Person, path: str, body: Any) -> Task:
    answer = person.post(path, body)
    assert answer.status_code in {200, 201}, answer.json_body
    task: Task = answer.json_body.get("task", answer.json_body)
    return task


def _move(person: Person, task: str, project: str) -> str:
    return str(_post(person, f"/api/tasks/{task}/move", {"project": project})["id"])


def _complete(person: Person, task: str) -> Task:
    """Complete the task and return it."""
    answer = person.patch(f"/api/tasks/{task}/status", {"status": "done"})
    assert answer.status_code == 200, answer.json_body
    done: Task = answer.json_body
    return done


def _get(person: Person, task: str) -> Task:
    answer = person.get(f"/api/tasks/{task}")
    assert answer.status_code == 200, answer.json_body
    found: Task = answer.json_body
    return found


def _by_title(person: Person, project: str) -> dict[str, Task]:
    listed = person.list_all(f"/api/tasks?project={project}")
    return {each["title"]: _get(person, each["id"]) for each in listed}


def _create_series(person: Person, project: str, title: str = "Clean", **fields: Any) -> Task:
    fields = {"rrule": WEEKLY, "due_date": MONDAY, "repeat_from": "completed_at", **fields}
    return _get(person, person.create_task(project, title, **fields)["id"])


# Series


def test_a_series_goes_on_in_the_new_project(ann: Person, source: str, target: str) -> None:
    task = _create_series(ann, source, repeat_from="due_date")
    moved = _move(ann, task["id"], target)
    assert _get(ann, moved)["rrule"] == WEEKLY
    following = _get(ann, _complete(ann, moved)["next_task"])
    assert (following["project"], following["due_date"]) == (target, NEXT_MONDAY)
    assert following["key"] == "TARG-2"
    assert ann.list_all(f"/api/tasks?project={source}") == []
    assert count_drift() == 0


def test_a_moved_task_that_has_a_next_one_gets_no_other(
    ann: Person, source: str, target: str
) -> None:
    done = _complete(ann, _create_series(ann, source)["id"])
    moved = _move(ann, done["id"], target)
    ann.patch(f"/api/tasks/{moved}", {"status": "todo"})
    assert _complete(ann, moved)["next_task"] == done["next_task"]
    assert len(ann.list_all(f"/api/tasks?project={target}")) == 1


def test_a_duplicate_of_a_recurring_task_begins_a_series(ann: Person, source: str) -> None:
    done = _complete(ann, _create_series(ann, source)["id"])
    copy = _post(ann, f"/api/tasks/{done['id']}/duplicate", {})
    assert (copy["rrule"], copy["repeat_from"], copy["next_task"]) == (
        WEEKLY,
        "completed_at",
        None,
    )
    assert _complete(ann, copy["id"])["next_task"] not in {None, done["next_task"]}
    assert count_drift() == 0


def test_a_duplicated_project_has_each_series_once(ann: Person, source: str) -> None:
    done = _complete(ann, _create_series(ann, source)["id"])
    ann.patch(f"/api/tasks/{done['next_task']}", {"title": "Next"})
    copies = _by_title(ann, duplicate_project(ann, source, done_tasks=True))
    rules = {name: (copy["rrule"], copy["repeat_from"]) for name, copy in copies.items()}
    assert rules == {"Clean": (None, None), "Next": (WEEKLY, "completed_at")}
    assert [copy["next_task"] for copy in copies.values()] == [None, None]


def test_a_shift_of_dates_moves_the_end_of_a_series(ann: Person, source: str) -> None:
    fields = {"due_date": MONDAY, "repeat_from": "due_date"}
    _create_series(ann, source, "day", rrule=f"{WEEKLY};UNTIL=20261214", **fields)
    time = {"due_date": f"{MONDAY}T09:00:00Z", "repeat_from": "due_date"}
    _create_series(ann, source, "time", rrule=f"{WEEKLY};UNTIL=20261214T120000Z", **time)
    copies = _by_title(ann, duplicate_project(ann, source, start_date="2027-11-29"))
    assert copies["day"]["rrule"] == f"{WEEKLY};UNTIL=20271213"
    assert copies["time"]["rrule"] == f"{WEEKLY};UNTIL=20271213T120000Z"
    assert copies["day"]["due_date"] == "2027-11-29"
    following = _get(ann, _complete(ann, copies["day"]["id"])["next_task"])
    assert following["due_date"] == "2027-12-06"


def test_a_task_whose_date_leaves_the_calendar_stops_to_recur(ann: Person, source: str) -> None:
    ann.create_task(source, "First", due_date="2020-01-01")
    _create_series(ann, source, "Last", due_date="9990-01-01")
    copies = _by_title(ann, duplicate_project(ann, source, start_date="2050-01-01"))
    last = copies["Last"]
    assert (last["due_date"], last["rrule"], last["repeat_from"]) == (None, None, None)
    assert _complete(ann, last["id"])["next_task"] is None


# The manual order


def _create(person: Person, project: str, titles: str, **fields: Any) -> dict[str, str]:
    """Create a task for each letter and return the ids by letter."""
    return {title: person.create_task(project, title, **fields)["id"] for title in titles}


def _place(person: Person, task: str, **place: str) -> None:
    answer = person.patch(f"/api/tasks/{task}/position", place)
    assert answer.status_code == 200, answer.json_body


def _titles(person: Person, project: str, **filters: str) -> str:
    query = "&".join(f"{name}={value}" for name, value in filters.items())
    tasks = person.list_all(f"/api/tasks?project={project}&ordering=rank&{query}")
    return "".join(task["title"] for task in tasks)


def _shuffle(person: Person, tasks: dict[str, str]) -> str:
    """Order the tasks a to e by hand; return the order."""
    _place(person, tasks["c"], before=tasks["a"])
    _place(person, tasks["e"], after=tasks["a"])
    _place(person, tasks["b"], before=tasks["e"])
    _place(person, tasks["d"], before=tasks["c"])
    return "dcabe"


def test_subtasks_keep_their_order_when_they_follow_a_move(
    ann: Person, source: str, target: str
) -> None:
    top = ann.create_task(source, "T")["id"]
    order = _shuffle(ann, _create(ann, source, "abcde", parent=top))
    moved = _move(ann, top, target)
    assert _titles(ann, target, parent=moved) == order
    assert count_drift() == 0


def test_a_moved_task_keeps_its_rank_and_is_placed_anew(
    ann: Person, source: str, target: str
) -> None:
    tasks = _create(ann, source, "ab")
    others = _create(ann, target, "xyz")
    _place(ann, tasks["b"], before=tasks["a"])
    rank = _get(ann, tasks["b"])["rank"]
    moved = _move(ann, tasks["b"], target)
    assert _get(ann, moved)["rank"] == rank
    assert _titles(ann, target) == "bxyz"
    _place(ann, moved, after=others["y"])
    assert (_titles(ann, source), _titles(ann, target)) == ("a", "xybz")
    _place(ann, others["z"], before=moved)
    assert _titles(ann, target) == "xyzb"
    assert count_drift() == 0


@pytest.mark.parametrize("field", ["after", "before"])
def test_a_position_may_name_the_earlier_id_of_a_moved_task(
    ann: Person, source: str, target: str, field: str
) -> None:
    old = ann.create_task(source, "m")["id"]
    tasks = _create(ann, target, "xyz")
    _move(ann, old, target)
    _place(ann, tasks["z"], **{field: old})
    assert _titles(ann, target) == ("mzxy" if field == "after" else "zmxy")


def test_a_task_that_left_the_project_is_no_neighbor(ann: Person, source: str, target: str) -> None:
    task, other = _create(ann, source, "ab").values()
    moved = _move(ann, other, target)
    for name in (other, moved, "TARG-1"):
        answer = ann.patch(f"/api/tasks/{task}/position", {"after": name})
        assert (answer.status_code, error_locations(answer)) == (422, ["after"])


def test_a_new_subtask_may_name_its_parent_by_an_earlier_id(
    ann: Person, source: str, target: str
) -> None:
    old = ann.create_task(source)["id"]
    moved = _move(ann, old, target)
    assert ann.create_task(target, parent=old)["parent"] == moved


def test_a_duplicated_project_keeps_the_order_by_hand(ann: Person, source: str) -> None:
    tasks = _create(ann, source, "abcde")
    order = _shuffle(ann, tasks)
    copy = duplicate_project(ann, source)
    assert _titles(ann, copy) == order
    ann.delete(f"/api/tasks/{tasks['a']}")
    copy = duplicate_project(ann, source)
    assert _titles(ann, copy) == order.replace("a", "")
    assert count_drift() == 0


def test_duplicated_subtasks_keep_the_order_by_hand(ann: Person, source: str) -> None:
    top = ann.create_task(source, "T")["id"]
    order = _shuffle(ann, _create(ann, source, "abcde", parent=top))
    copy = _post(ann, f"/api/tasks/{top}/duplicate", {"subtasks": True})["id"]
    assert _titles(ann, source, parent=copy) == order
    assert count_drift() == 0
