"""Long work: one result, whatever happens to its workers, and nothing left over."""

import itertools
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse

from chalicelib import settings
from chalicelib.aws import clients
from chalicelib.clock import now
from chalicelib.dynamodb.ids import new_task_id
from chalicelib.dynamodb.timestamps import format_timestamp
from chalicelib.dynamodb.transactions import ConditionFailed, Put, transact
from chalicelib.jobs.models import advance_job, claim_job, finish_job, new_job, release_job
from chalicelib.jobs.service import PROJECT_EXPORT
from chalicelib.tasks.models import Task, create_task_write
from tests.job_results import asked, begun, fetched, job_rows, left_in_bucket, sheet, state, swept
from tests.support import Killed, Person, killed_at

Wait = Callable[..., None]
FILES = ["attachments.csv", "comments.csv", "members.csv", "project.json", "tasks.csv"]


@pytest.fixture
def project(ann: Person, bob: Person) -> str:
    project = ann.starts_project()
    ann.lets_in(project, bob)
    for title in ("Plan", "Do"):
        ann.adds_task(project, title)
    return project


def _place(project: str) -> str:
    return f"/api/projects/{project}/exports"


def _has(project: str, titles: list[str], description: str = "") -> None:
    """Many tasks, written at once as the API writes each."""
    for number, title in enumerate(titles):
        at = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=number)
        key = Task.key(new_task_id(project, at))
        task = Task(key.pk, key.sk, title=title, description=description, created_by="nobody")
        task.created_at = task.updated_at = format_timestamp(at)
        transact(create_task_write(task))


def _complete(person: Person, job: str, titles: set[str]) -> None:
    """The export is done and whole."""
    assert state(person, job)["status"] == "done"
    found = json.loads(fetched(person, job, "project.json"))["tasks"]
    assert len(found) == len(titles) and {task["title"] for task in found} == titles
    assert [line["title"] for line in sheet(fetched(person, job, "tasks.csv"))] == [
        task["title"] for task in found
    ]


def _keys(*exports: str) -> set[str]:
    return {f"results/{job.rpartition('/')[2]}/{name}" for job in exports for name in FILES}


def _dies(call: int, act: Callable[[], Any]) -> bool:
    try:
        with killed_at(call, writes_only=True):
            act()
    except Killed:
        return True
    return False


def test_killed_anywhere_then_swept_there_is_one_whole_result(
    ann: Person, project: str, wait: Wait
) -> None:
    exports = []
    for call in itertools.count(1):
        job = new_job(PROJECT_EXPORT, project, ann.id, {}, now())
        transact(Put(job))  # without a slot, so that there may be many
        exports.append(f"{_place(project)}/{job.id}")
        if not _dies(call, lambda: begun(exports[-1])):
            break
    assert call > 12
    wait(minutes=7)
    assert swept()["done"] >= call - 2
    ann.signs_in()
    for export in exports:
        _complete(ann, export, {"Plan", "Do"})
    assert set(left_in_bucket()) == _keys(*exports)


def test_swept_and_killed_a_call_later_each_time_a_large_export_is_whole_in_the_end(
    ann: Person, project: str, wait: Wait
) -> None:
    """Large enough for parts."""
    titles = [f"T{number}" for number in range(24)]
    _has(project, titles, description="x" * 370_000)
    export = asked(ann, _place(project))
    for call in itertools.count(1):
        wait(minutes=7)
        if not _dies(call, swept):
            break
    assert call > 12
    ann.signs_in()
    _complete(ann, export, {"Plan", "Do", *titles})
    assert set(left_in_bucket()) == _keys(export)


def test_a_worker_without_time_leaves_the_rest_to_the_next(
    ann: Person, project: str, wait: Wait
) -> None:
    titles = [f"T{number}" for number in range(8)]  # a page is a megabyte
    _has(project, titles, description="x" * 370_000)
    export = asked(ann, _place(project))
    outcomes = [swept(milliseconds=32_000) for _ in range(7)]
    assert outcomes[:4] == [{"going_on": 1}] * 4
    assert {"done": 1} in outcomes
    _complete(ann, export, {"Plan", "Do", *titles})
    assert set(left_in_bucket()) == _keys(export)


def test_a_worker_with_hardly_any_time_does_not_begin(ann: Person, project: str) -> None:
    export = asked(ann, _place(project))
    assert swept(milliseconds=20_000) == {"put_off": 1}
    assert state(ann, export)["status"] == "waiting"


def test_two_workers_do_not_work_on_the_same_job(ann: Person, project: str, wait: Wait) -> None:
    export = asked(ann, _place(project))
    assert _dies(3, lambda: begun(export))
    wait(minutes=5)
    assert swept() == {"taken": 1}
    wait(minutes=2)
    assert swept() == {"done": 1}


def test_a_worker_whose_lease_ran_out_changes_nothing_any_more(
    ann: Person, project: str, wait: Wait
) -> None:
    """It wakes up behind another one, which did the work meanwhile."""
    export = asked(ann, _place(project))
    slow = claim_job(export.rpartition("/")[2], now())
    assert slow is not None
    wait(minutes=7)
    swept()
    with pytest.raises(ConditionFailed):
        advance_job(slow, {"start": None, "written": 0}, {})
    with pytest.raises(ConditionFailed):
        finish_job(slow, now(), reason="late")
    with pytest.raises(ConditionFailed):
        release_job(slow)
    ann.signs_in()
    _complete(ann, export, {"Plan", "Do"})


def test_late_and_doubled_wake_ups_change_nothing(ann: Person, project: str) -> None:
    export = asked(ann, _place(project))
    assert begun(export, export) == 0
    before = state(ann, export), left_in_bucket()
    assert begun(export) == 0 and swept() == {} and begun("gone") == 0
    assert (state(ann, export), left_in_bucket()) == before


def test_access_is_asked_before_every_step(
    ann: Person, bob: Person, project: str, wait: Wait
) -> None:
    _has(project, ["A", "B", "C", "D"], description="x" * 370_000)
    export = asked(bob, _place(project))
    assert swept(milliseconds=32_000) == {"going_on": 1}
    assert swept(milliseconds=32_000) == {"going_on": 1}
    assert left_in_bucket() != []
    ann.delete(f"/api/projects/{project}/members/{bob.id}")
    assert swept() == {"access_lost": 1}
    ann.lets_in(project, bob)
    found = state(bob, export)
    assert (found["status"], found["reason"], found["files"]) == ("failed", "access_lost", [])
    assert left_in_bucket() == []


def test_parts_of_a_job_that_ends_without_result_are_removed(
    ann: Person, bob: Person, project: str
) -> None:
    export = asked(bob, _place(project))
    half_done = f"results/{export.rpartition('/')[2]}/tasks.csv"
    clients.s3_client().create_multipart_upload(Bucket=settings.BUCKET_NAME, Key=half_done)
    assert left_in_bucket() == [half_done]
    ann.delete(f"/api/projects/{project}/members/{bob.id}")
    assert swept() == {"access_lost": 1}
    assert left_in_bucket() == []


def test_a_failure_is_tried_again_and_given_up_in_the_end(
    ann: Person, project: str, wait: Wait
) -> None:
    export = asked(ann, _place(project))
    with storage_refuses():
        assert begun(export) == 1
        assert [swept() for _ in range(9)] == [{"failed": 1}] * 9
    assert swept() == {"gave_up": 1}
    assert state(ann, export)["reason"] == "gave_up"
    assert asked(ann, _place(project)) != export


def test_one_job_that_fails_does_not_stop_the_rest(ann: Person, bob: Person, project: str) -> None:
    export = asked(ann, _place(project))
    broken = claim_job(export.rpartition("/")[2], now())
    assert broken is not None
    advance_job(broken, {"nonsense": True}, {})
    release_job(broken)
    other = asked(bob, _place(project))
    assert begun(export, other) == 1
    assert state(bob, other)["status"] == "done"


def test_after_seven_days_rows_and_objects_are_gone_wherever_the_sweep_was_killed(
    ann: Person, project: str, wait: Wait, pass_by: Any
) -> None:
    asked(ann, _place(project))
    swept()
    pass_by(days=7)
    for call in itertools.count(1):
        if not _dies(call, swept):
            break
    assert call > 2
    assert left_in_bucket() == [] and job_rows() == []


@contextmanager
def storage_refuses() -> Iterator[None]:
    """S3 refuses everything."""

    def refuse(request: Any, **_: Any) -> AWSResponse:
        response = AWSResponse(request.url, 403, {}, None)
        response._content = b"<Error><Code>AccessDenied</Code></Error>"
        return response

    s3 = clients.s3_client()
    s3.meta.events.register_first("before-send", refuse)
    try:
        yield
    finally:
        s3.meta.events.unregister("before-send", refuse)
