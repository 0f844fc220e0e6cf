"""The items of views under concurrency and lost responses, and when their owner is gone."""

import itertools
import json
from collections.abc import Iterator
from typing import Any

import pytest

from chalicelib.accounts.jobs import delete_due_accounts
from chalicelib.clock import now
from chalicelib.trash.jobs import purge_trash
from chalicelib.views.models import MAX_VIEWS, ViewCount, owner_partition
from tests.dynamodb.test_races import at_once
from tests.dynamodb_local import faulty_connection
from tests.job_results import download_job_file, request_job, run_sweep
from tests.support import Person
from tests.table_items import put_items, scan_items

VIEW = {"name": "Open", "filter": {"status": ["open"]}}


def _view_items() -> Iterator[tuple[str, Any]]:
    """Yield sort key and item of each view and of each count."""
    for item in scan_items():
        if item["SK"]["S"].startswith("VIEW"):
            yield item["SK"]["S"], item


def _stored_count() -> int:
    return int(dict(_view_items())["VIEWS"]["views"]["N"])


@pytest.mark.usefixtures("local_table")
def test_concurrent_creates_do_not_exceed_the_limit(ann: Person) -> None:
    ann.post("/api/views", VIEW)
    key = ViewCount.key(owner_partition(ann.id, None))
    numbers = {"views": {"N": str(MAX_VIEWS - 2)}, "changes": {"N": "1"}}
    (item,) = (item for name, item in _view_items() if name != "VIEWS")
    copies = [item | {"SK": {"S": f"VIEW#{number}"}} for number in range(MAX_VIEWS - 3)]
    put_items([*copies, {"PK": {"S": key.pk}, "SK": {"S": key.sk}} | numbers])
    statuses = at_once(4, lambda _: ann.post("/api/views", VIEW).status_code)
    assert statuses.count(201) <= 2
    assert _stored_count() == len([*_view_items()]) - 1 <= MAX_VIEWS


@pytest.mark.usefixtures("local_table")
def test_concurrent_deletions_count_once(ann: Person) -> None:
    path = f"/api/views/{ann.post('/api/views', VIEW).json_body['id']}"
    ann.post("/api/views", VIEW)
    statuses = at_once(4, lambda _: ann.delete(path).status_code)
    assert statuses.count(204) == 1
    assert _stored_count() == 1


@pytest.mark.usefixtures("local_table")
def test_a_lost_response_creates_changes_and_deletes_a_view_once(ann: Person) -> None:
    for lost in itertools.count(1):
        with faulty_connection(lost_response=lost) as line:
            created = ann.post("/api/views", VIEW)
            assert created.status_code == 201, lost
            path = f"/api/views/{created.json_body['id']}"
            assert ann.patch(path, {"name": "New"}).json_body["version"] == 2, lost
            assert ann.delete(path).status_code == 204, lost
        if line.requests < lost:
            break
    assert lost > 3
    assert [name for name, _ in _view_items()] == ["VIEWS"]
    assert _stored_count() == 0


def test_the_views_of_a_deleted_account_are_deleted(
    ann: Person, bob: Person, wait_days: Any
) -> None:
    project = ann.create_project()
    ann.add_member(project, bob)
    shared = bob.post("/api/views", VIEW | {"project": project}).json_body["id"]
    bob.post("/api/views", VIEW)
    bob.delete("/api/auth/profile")
    wait_days(days=7)
    assert delete_due_accounts(now())["erased"] == 1
    ann.log_in()
    assert ann.get(f"/api/views/{shared}").json_body["created_by"] == bob.id
    assert {name for name, _ in _view_items()} == {f"VIEW#{shared}", "VIEWS"}


def test_the_views_of_a_purged_project_are_deleted(ann: Person, wait_days: Any) -> None:
    project = ann.create_project()
    ann.post("/api/views", VIEW | {"project": project})
    ann.delete(f"/api/projects/{project}")
    wait_days(days=30)
    purge_trash(now())
    assert [*_view_items()] == []


def test_the_exports_have_the_views(ann: Person, bob: Person) -> None:
    project = ann.create_project()
    ann.add_member(project, bob)
    own = ann.post("/api/views", VIEW).json_body
    shared = bob.post("/api/views", VIEW | {"project": project}).json_body
    bob.post("/api/views", VIEW)
    for path, name, expected in (
        (f"/api/projects/{project}/exports", "project.json", shared),
        ("/api/auth/profile/exports", "account.json", own),
    ):
        export = request_job(ann, path)
        run_sweep()
        (view,) = json.loads(download_job_file(ann, export, name))["views"]
        assert view.items() <= expected.items()
