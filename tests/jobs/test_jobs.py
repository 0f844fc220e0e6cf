"""Jobs: exactly one result whatever happens to the job runners, and no objects left behind."""

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
from tests.faults import is_killed_at
from tests.job_results import (
    download_job_file,
    list_job_keys,
    list_result_keys,
    parse_csv,
    read_job,
    request_job,
    run_streamed,
    run_sweep,
)
from tests.support import Person

# The sweep also starts weekly reports, so no Monday may pass while a test moves the clock.
pytestmark = pytest.mark.usefixtures("midweek")

Wait = Callable[..., None]
FILES = [
    *("attachments.csv", "comments.csv", "members.csv", "project.json", "tasks.csv", "tasks.xlsx"),
    ".rows.jsonl",  # from which the workbook was made
]


@pytest.fixture
def project(ann: Person, bob: Person) -> str:
    project = ann.create_project()
    ann.add_member(project, bob)
    for title in ("Plan", "Do"):
        ann.create_task(project, title)
    return project


def _exports_path(project: str) -> str:
    return f"/api/projects/{project}/exports"


def _add_tasks(project: str, titles: list[str], description: str = "") -> None:
    """Add tasks to the project without a request for each, stored as the API stores them."""
    for number, title in enumerate(titles):
        at = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=number)
        key = Task.key(new_task_id(project, at))
        task = Task(key.pk, key.sk, title=title, description=description, created_by="nobody")
        task.created_at = task.updated_at = format_timestamp(at)
        transact(create_task_write(task))


def _assert_complete(person: Person, job: str, titles: set[str]) -> None:
    """Assert that the export is done and contains exactly these tasks."""
    assert read_job(person, job)["status"] == "done"
    tasks = json.loads(download_job_file(person, job, "project.json"))["tasks"]
    assert len(tasks) == len(titles) and {task["title"] for task in tasks} == titles
    assert [row["title"] for row in parse_csv(download_job_file(person, job, "tasks.csv"))] == [
        task["title"] for task in tasks
    ]


def _result_keys(*exports: str) -> set[str]:
    return {f"results/{job.rpartition('/')[2]}/{name}" for job in exports for name in FILES}


def test_a_job_killed_at_any_call_is_completed_by_the_sweep(
    ann: Person, project: str, wait: Wait
) -> None:
    exports = []
    for call in itertools.count(1):
        job = new_job(PROJECT_EXPORT, project, ann.id, {}, now())
        transact(Put(job))  # without a slot, so several can exist at once
        exports.append(f"{_exports_path(project)}/{job.id}")
        if not is_killed_at(call, lambda: run_streamed(exports[-1])):
            break
    assert call > 12
    wait(minutes=7)
    assert run_sweep()["done"] >= call - 2
    ann.log_in()
    for export in exports:
        _assert_complete(ann, export, {"Plan", "Do"})
    assert set(list_result_keys()) == _result_keys(*exports)


def test_a_large_export_is_complete_after_sweeps_that_are_each_killed_one_call_later(
    ann: Person, project: str, wait: Wait
) -> None:
    """The export is large enough for a multipart upload."""
    titles = [f"T{number}" for number in range(24)]
    _add_tasks(project, titles, description="x" * 370_000)
    export = request_job(ann, _exports_path(project))
    for call in itertools.count(1):
        wait(minutes=7)
        if not is_killed_at(call, run_sweep):
            break
    assert call > 12
    ann.log_in()
    _assert_complete(ann, export, {"Plan", "Do", *titles})
    assert set(list_result_keys()) == _result_keys(export)


def test_a_runner_out_of_time_leaves_the_rest_to_the_next_one(
    ann: Person, project: str, wait: Wait
) -> None:
    titles = [f"T{number}" for number in range(8)]  # a page is a megabyte
    _add_tasks(project, titles, description="x" * 370_000)
    export = request_job(ann, _exports_path(project))
    outcomes = [run_sweep(milliseconds=32_000) for _ in range(7)]
    assert outcomes == [{"going_on": 1}] * 7
    assert read_job(ann, export)["status"] == "running"
    # The last step needs more time than the others: it writes the workbook.
    assert run_sweep() == {"done": 1}
    _assert_complete(ann, export, {"Plan", "Do", *titles})
    assert set(list_result_keys()) == _result_keys(export)


def test_a_runner_with_too_little_time_does_not_start_a_job(ann: Person, project: str) -> None:
    export = request_job(ann, _exports_path(project))
    assert run_sweep(milliseconds=20_000) == {"put_off": 1}
    assert read_job(ann, export)["status"] == "waiting"


def test_two_runners_do_not_run_the_same_job(ann: Person, project: str, wait: Wait) -> None:
    export = request_job(ann, _exports_path(project))
    assert is_killed_at(3, lambda: run_streamed(export))
    wait(minutes=5)
    assert run_sweep() == {"taken": 1}
    wait(minutes=2)
    assert run_sweep() == {"done": 1}


def test_a_runner_whose_lease_ran_out_changes_nothing(
    ann: Person, project: str, wait: Wait
) -> None:
    """It continues after another runner has completed the job."""
    export = request_job(ann, _exports_path(project))
    old_claim = claim_job(export.rpartition("/")[2], now())
    assert old_claim is not None
    wait(minutes=7)
    run_sweep()
    with pytest.raises(ConditionFailed):
        advance_job(old_claim, {"start": None, "written": 0}, {})
    with pytest.raises(ConditionFailed):
        finish_job(old_claim, now(), reason="late")
    with pytest.raises(ConditionFailed):
        release_job(old_claim)
    ann.log_in()
    _assert_complete(ann, export, {"Plan", "Do"})


def test_late_and_repeated_stream_records_change_nothing(ann: Person, project: str) -> None:
    export = request_job(ann, _exports_path(project))
    assert run_streamed(export, export) == 0
    before = read_job(ann, export), list_result_keys()
    assert run_streamed(export) == 0 and run_sweep() == {} and run_streamed("gone") == 0
    assert (read_job(ann, export), list_result_keys()) == before


def test_access_is_checked_before_every_step(
    ann: Person, bob: Person, project: str, wait: Wait
) -> None:
    _add_tasks(project, ["A", "B", "C", "D"], description="x" * 370_000)
    export = request_job(bob, _exports_path(project))
    assert run_sweep(milliseconds=32_000) == {"going_on": 1}
    assert run_sweep(milliseconds=32_000) == {"going_on": 1}
    assert list_result_keys() != []
    ann.delete(f"/api/projects/{project}/members/{bob.id}")
    assert run_sweep() == {"access_lost": 1}
    ann.add_member(project, bob)
    job = read_job(bob, export)
    assert (job["status"], job["reason"], job["files"]) == ("failed", "access_lost", [])
    assert list_result_keys() == []


def test_the_uploads_of_a_failed_job_are_removed(ann: Person, bob: Person, project: str) -> None:
    export = request_job(bob, _exports_path(project))
    half_done = f"results/{export.rpartition('/')[2]}/tasks.csv"
    clients.s3_client().create_multipart_upload(Bucket=settings.BUCKET_NAME, Key=half_done)
    assert list_result_keys() == [half_done]
    ann.delete(f"/api/projects/{project}/members/{bob.id}")
    assert run_sweep() == {"access_lost": 1}
    assert list_result_keys() == []


def test_a_failing_job_is_retried_and_finally_given_up(
    ann: Person, project: str, wait: Wait
) -> None:
    export = request_job(ann, _exports_path(project))
    with s3_refuses_requests():
        assert run_streamed(export) == 1
        assert [run_sweep() for _ in range(9)] == [{"failed": 1}] * 9
    assert run_sweep() == {"gave_up": 1}
    assert read_job(ann, export)["reason"] == "gave_up"
    assert request_job(ann, _exports_path(project)) != export


def test_a_failing_job_does_not_stop_the_others(ann: Person, bob: Person, project: str) -> None:
    export = request_job(ann, _exports_path(project))
    broken = claim_job(export.rpartition("/")[2], now())
    assert broken is not None
    advance_job(broken, {"zone": "nonsense"}, {})
    release_job(broken)
    other = request_job(bob, _exports_path(project))
    assert run_streamed(export, other) == 1
    assert read_job(bob, other)["status"] == "done"


def test_after_seven_days_items_and_objects_are_deleted_even_if_sweeps_are_killed(
    ann: Person, project: str, wait: Wait, wait_days: Any
) -> None:
    request_job(ann, _exports_path(project))
    run_sweep()
    wait_days(days=7)
    for call in itertools.count(1):
        if not is_killed_at(call, run_sweep):
            break
    assert call > 2
    assert list_result_keys() == [] and list_job_keys() == []


@contextmanager
def s3_refuses_requests() -> Iterator[None]:
    """Let S3 refuse every request."""

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
