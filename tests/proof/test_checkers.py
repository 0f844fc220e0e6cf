"""Each checker reports data that breaks its rule: it is tried on data with one change."""

import copy
from collections.abc import Callable
from typing import Any, NamedTuple

import pytest

from tests.attachment_files import empty_bucket, put_object, upload_attachment
from tests.proof.checkers import (
    CHECKS,
    find_file_violations,
    find_list_violations,
    find_violations,
)
from tests.support import Person
from tests.table_items import scan_items, write_batches
from tests.table_stream import TaskStream

WEBHOOK = {"url": "https://hooks.example.com/tasks", "events": ["task.changed"]}

Items = list[dict[str, Any]]


@pytest.fixture
def items(ann: Person, bob: Person) -> Items:
    """The items of a small world without violations."""
    project = ann.create_project()
    ann.add_member(project, bob)
    label = ann.post(f"/api/projects/{project}/labels", {"name": "red"}).json_body["id"]
    parent, task = ann.create_task(project)["id"], ann.create_task(project, labels=[label])["id"]
    ann.create_task(project, parent=parent, assigned_to=bob.id)
    deleted = ann.create_task(project)["id"]
    ann.delete(f"/api/tasks/{deleted}")
    ann.post(f"/api/tasks/{task}/comments", {"body": "Done?"})
    ann.post(f"/api/tasks/{task}/relations", {"kind": "blocks", "task": parent})
    upload_attachment(ann, task)
    ann.post(f"/api/projects/{project}/members", {"email": "new@example.com"})
    ann.post(f"/api/projects/{project}/webhooks", WEBHOOK)
    ann.post(f"/api/projects/{project}/exports")
    found = scan_items()
    assert find_violations(found) == []
    return found


def _find(items: Items, pk: str, sk: str) -> dict[str, Any]:
    """Return the first item whose keys begin so."""
    return next(
        item for item in items if item["PK"]["S"].startswith(pk) and item["SK"]["S"].startswith(sk)
    )


def _without(pk: str, sk: str) -> Callable[[Items], None]:
    return lambda items: items.remove(_find(items, pk, sk))


def _without_counters(items: Items) -> None:
    """Remove the counters of all shards: those of one shard may add up to nothing."""
    items[:] = [item for item in items if not item["SK"]["S"].startswith("STATS#")]


def _with(pk: str, sk: str, **attributes: Any) -> Callable[[Items], None]:
    return lambda items: _find(items, pk, sk).update(attributes)


def _text(value: str) -> dict[str, str]:
    return {"S": value}


class Damage(NamedTuple):
    """A change of the items, and a part of the sentence that reports it."""

    change: Callable[[Items], None]
    report: str


DAMAGES: dict[str, list[Damage]] = {
    "_check_claims": [
        Damage(_without("EMAIL#", ""), "address"),
        Damage(_without("USERNAME#", "CLAIM"), "username"),
        Damage(_without("USER#", "PROFILE"), "address"),
    ],
    "_check_memberships": [
        Damage(_without("USER#", "PROJECT#"), "membership"),
        Damage(_with("PROJECT#", "MEMBER#", role=_text("viewer")), "membership"),
        Damage(_with("PROJECT#", "META", members_count={"N": "7"}), "members of"),
        Damage(_with("PROJECT#", "META", owner_id=_text("nobody")), "owner of"),
    ],
    "_check_pairs": [
        Damage(_without("PROJECT#", "LABELNAME#"), "label name"),
        Damage(_without("INVITED#", ""), "invitation"),
        Damage(_without("TASK#", "REL#"), "relation"),
        Damage(_without("SLOT#", ""), "slot of a job"),
    ],
    "_check_parents": [
        Damage(_without("PROJECT#", "META"), "project of items"),
        Damage(_without("PROJECT#", "NUMBER#"), "has no number"),
        Damage(_without("PROJECT#", "TASK#"), "has items and does not exist"),
        Damage(_without("USER#", "PROFILE"), "has items and does not exist"),
    ],
    "_check_project_counts": [
        Damage(_without_counters, "counts of"),
        Damage(_with("PROJECT#", "TASK#", status=_text("review")), "counts of"),
        Damage(_with("PROJECT#", "WEBHOOKS", webhooks={"N": "2"}), "webhooks of"),
    ],
    "_check_task_counts": [
        Damage(_without("TASK#", "COMMENT#"), "comments of"),
        Damage(_without("TASK#", "FILE#"), "attachments of"),
        Damage(_with("PROJECT#", "TASK#", subtasks_count={"N": "5"}), "subtasks of"),
        Damage(_with("PROJECT#", "TASK#", open_blockers_count={"N": "5"}), "open_blockers of"),
        Damage(_with("PROJECT#", "TASK#", relations_count={"N": "5"}), "relations of"),
    ],
    "_check_storage": [
        Damage(_with("TASK#", "USAGE", bytes={"N": "1"}), "storage of"),
        Damage(_without("PROJECT#", "USAGE"), "is not counted"),
    ],
    "_check_index_keys": [
        Damage(_with("PROJECT#", "TASK#", status_key=_text("x")), "status_key of"),
        Damage(_with("PROJECT#", "TASK#", due_sort=_text("x")), "due_sort of"),
        Damage(_with("PROJECT#", "TRASH#", updated_key=_text("x")), "in by_updated"),
        Damage(_with("PROJECT#", "TRASH#", due_key=_text("x")), "is in due_key"),
    ],
    "_check_filter_entries": [
        Damage(_without("PROJECT#", "BY#label"), "filter entry"),
        Damage(_without("PROJECT#", "BY#assignee"), "filter entry"),
    ],
    "_check_outbox": [
        Damage(_without("OUTBOX#commented", "MAIL"), "has no mail"),
        Damage(lambda items: _lose(items, "wake_key"), "neither settled nor due"),
    ],
    "_check_epochs": [
        Damage(_with("USER#", "SESSION#", epoch={"N": "9"}), "later epoch"),
    ],
}


def _lose(items: Items, attribute: str) -> None:
    del _find(items, "OUTBOX#", "MAIL")[attribute]


def test_each_checker_reports_damaged_data(items: Items) -> None:
    assert DAMAGES.keys() == {check.__name__ for check in CHECKS}
    unnoticed = []
    for name, damages in DAMAGES.items():
        for number, (change, report) in enumerate(damages):
            damaged = copy.deepcopy(items)
            change(damaged)
            if not any(report in violation for violation in find_violations(damaged)):
                unnoticed.append(f"{name}, damage {number}: {report}")
    assert unnoticed == []


def test_a_file_without_its_object_and_an_object_without_its_file_are_reported(
    ann: Person,
) -> None:
    upload_attachment(ann, ann.create_task(ann.create_project())["id"])
    assert find_file_violations() == []
    empty_bucket()
    put_object("att/nobody/nothing")
    missing, foreign = sorted(find_file_violations(), reverse=True)
    assert "the object of" in missing and "belongs to no item" in foreign


@pytest.mark.parametrize("kind", ["WORD#", "BY#"])
def test_missing_search_terms_and_filter_entries_are_reported(
    ann: Person, stream: TaskStream, kind: str
) -> None:
    ann.create_task(ann.create_project(), "Zebra crossing")
    stream.deliver_new()
    assert find_list_violations() == []
    found = _find(scan_items(), "PROJECT#", kind)
    key = {name: found[name] for name in ("PK", "SK")}
    write_batches([{"DeleteRequest": {"Key": key}}])
    assert any("is missing" in each for each in find_list_violations())
