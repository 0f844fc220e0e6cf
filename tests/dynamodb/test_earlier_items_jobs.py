"""Earlier items (see `tests/earlier_items.py`): mail, reminders, exports, purges and other jobs."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from chalicelib import settings
from tests.earlier_items import (
    DATA,
    IDS,
    NOW,
    PROJECT,
    REPAIR_COUNTERS,
    TASK,
    EarlierScenario,
    RunFunction,
    has_key,
    ids_of,
    object_keys,
    read_body,
    s3,
    table_items,
    text_of,
    used_storage,
)
from tests.moto_stack import set_watermarks
from tests.support import mails_to


def test_waiting_mails_are_sent_once_by_the_mail_sweep(
    scenario: EarlierScenario, run_function: RunFunction
) -> None:
    waiting = [item for item in table_items("OUTBOX#", "MAIL") if "wake_at" in item]
    assert len(waiting) > 5
    run_function("sweep_mail")
    scenario.clock.shift(timedelta(minutes=5))
    run_function("sweep_mail")  # the first sweep fans out a comment to its watchers
    sent = {
        name: len(list(mails_to(scenario.person(name)))) for name in ("ann", "bob", "cleo", "fay")
    }
    assert all(sent.values()), sent
    assert [item for item in table_items("OUTBOX#", "MAIL") if "settled_at" not in item] == []
    scenario.clock.shift(timedelta(minutes=5))
    run_function("sweep_mail")
    assert sent == {name: len(list(mails_to(scenario.person(name)))) for name in sent}


def test_a_new_mail_is_dispatched_by_the_stream_and_the_sweep_sends_no_second_one(
    scenario: EarlierScenario,
    run_function: RunFunction,
    invoke: Callable[[str, dict[str, Any]], Any],
) -> None:
    """The stream record names an item that the earlier code wrote."""
    item = next(
        each
        for each in table_items("OUTBOX#", "MAIL")
        if each["kind"]["S"] == "assigned"
        and each.get("recipient", {}).get("S") == scenario.cleo.id
        and "wake_at" in each
        and each["task_id"]["S"] == IDS["bobs_task"]
    )
    change = {"Keys": {"PK": item["PK"]}, "SequenceNumber": "7"}
    records = {"Records": [{"eventName": "INSERT", "dynamodb": change}]}
    assert invoke("dispatch_mail", records) == {"batchItemFailures": []}
    (mail,) = mails_to(scenario.cleo)
    assert IDS["bobs_task"] in text_of(mail)
    run_function("sweep_mail")
    assert sum(IDS["bobs_task"] in text_of(each) for each in mails_to(scenario.cleo)) == 1


def test_nothing_is_sent_to_an_address_that_bounced(
    scenario: EarlierScenario, run_function: RunFunction
) -> None:
    read_body(scenario.ann.post(f"{TASK}/comments", {"body": "Are you there, @vic?"}), 201)
    for _ in range(2):
        run_function("sweep_mail")
    assert list(mails_to(scenario.person("vic"))) == []


def test_the_tick_runs_deferred_task_updates(
    scenario: EarlierScenario, run_function: RunFunction
) -> None:
    dan, doomed = DATA["people"]["dan"]["id"], IDS["label_doomed"]
    assert len(table_items("ERRAND#")) == 3
    assert find_tasks_with(doomed)
    tasks_of_dan = find_tasks_with(dan, "assigned_to")
    assert tasks_of_dan
    outcome = run_function("tick")
    assert (outcome["run"], outcome["failed"]) == (3, 0)
    assert table_items("ERRAND#") == []
    assert find_tasks_with(doomed) == [] and table_items("", f"BY#label:{doomed}") == []
    assert table_items("", f"BY#assignee:{dan}") == [] == find_tasks_with(dan, "assigned_to")
    assert set(tasks_of_dan) <= set(find_tasks_with(scenario.bob.id, "assigned_to"))
    (item,) = table_items(f"PROJECT#{IDS['project']}", f"TASK#{IDS['parent']}")
    assert item["due_at"]["S"] == "2026-11-20T14:59:59.999Z"  # the end of Bob's day in Tokyo
    assert scenario.statistics_match_tasks()


def find_tasks_with(text: str, attribute: str = "labels") -> list[str]:
    """Return the keys of the tasks that have `text` in that attribute."""
    tasks = table_items(f"PROJECT#{IDS['project']}", "TASK#")
    return [item["SK"]["S"] for item in tasks if text in json.dumps(item.get(attribute))]


EXPORTS = [
    ("cleo", f"{PROJECT}/exports/{IDS['waiting_export']}"),
    ("bob", f"{PROJECT}/exports/{IDS['running_export']}"),
    ("cleo", f"/api/auth/profile/exports/{IDS['waiting_account_export']}"),
    ("ann", f"{PROJECT}/reports/{IDS['once_report']}"),
]


@pytest.mark.parametrize(("name", "path"), EXPORTS, ids=["waiting", "running", "account", "report"])
def test_the_job_sweep_finishes_an_unfinished_job(
    scenario: EarlierScenario, run_function: RunFunction, name: str, path: str
) -> None:
    assert read_body(scenario.person(name).get(path))["status"] in {"waiting", "running"}
    scenario.set_time("2026-11-18T12:05")
    run_function("sweep_jobs")
    job = read_body(getattr(scenario, name).get(path))
    assert job["status"] == "done" and job["files"]
    assert table_items("SLOT#") == []
    assert object_keys(f"results/{job['id']}/draft") == set()
    if "/projects/" in path and "exports" in path:
        found = s3().get_object(
            Bucket=settings.BUCKET_NAME, Key=f"results/{job['id']}/project.json"
        )
        exported = json.loads(found["Body"].read())["tasks"]
        assert ids_of(exported) == ids_of(scenario.tasks())


def test_the_results_of_an_earlier_job_are_removed_seven_days_after_its_end(
    scenario: EarlierScenario, run_function: RunFunction
) -> None:
    assert object_keys(f"results/{IDS['done_export']}")
    scenario.set_time("2026-11-24T07:55")
    set_watermarks()
    run_function("sweep_jobs")
    assert object_keys(f"results/{IDS['done_export']}")
    scenario.set_time("2026-11-24T08:05")
    run_function("sweep_jobs")
    assert object_keys(f"results/{IDS['done_export']}") == set()
    assert table_items(f"JOB#{IDS['done_export']}") == []


def test_a_chosen_reminder_is_sent_at_its_time(
    scenario: EarlierScenario, run_function: RunFunction
) -> None:
    run_function("sweep_mail")
    before = len(list(mails_to(scenario.bob)))
    for moment, new in (("14:55", 0), ("15:00", 1), ("15:05", 1)):
        scenario.set_time(f"2026-11-18T{moment}")
        run_function("send_reminders")
        run_function("sweep_mail")
        assert len(list(mails_to(scenario.bob))) == before + new, moment


def test_the_overdue_digest_is_sent_at_nine_on_the_next_day(
    scenario: EarlierScenario, run_function: RunFunction
) -> None:
    def digests() -> int:
        return len([item for item in table_items(f"OUTBOX#overdue:{scenario.cleo.id}:2026-11-19")])

    scenario.set_time("2026-11-19T08:55")
    run_function("send_reminders")
    assert digests() == 0
    for moment in ("2026-11-19T09:00", "2026-11-19T09:05"):
        scenario.set_time(moment)
        run_function("send_reminders")
    assert digests() == 1
    run_function("sweep_mail")
    assert any(IDS["overdue_task"] in text_of(mail) for mail in mails_to(scenario.cleo))


def test_the_weekly_report_is_made_on_the_next_monday(
    scenario: EarlierScenario, run_function: RunFunction
) -> None:
    run_function("sweep_mail")
    scenario.set_time("2026-11-23T06:55")
    set_watermarks()
    run_function("sweep_jobs")
    run_function("sweep_mail")
    before = len(list(mails_to(scenario.ann)))
    scenario.set_time("2026-11-23T07:00")
    run_function("sweep_jobs")
    run_function("sweep_mail")
    assert len(list(mails_to(scenario.ann))) > before


def test_an_interrupted_purge_continues_when_its_lease_has_expired(
    scenario: EarlierScenario, run_function: RunFunction
) -> None:
    project = IDS["purged_project"]
    run_function("tick")  # the lease of the stopped purge is still in force
    assert table_items(f"PROJECT#{project}", "META")
    scenario.set_time("2026-11-18T12:05")
    for _ in range(2):
        run_function("tick")
    left = [item for item in table_items() if project in json.dumps(item)]
    assert {item["PK"]["S"].partition("#")[0] for item in left} <= {"OUTBOX"}
    assert [key for key in object_keys() if project in key] == []


def test_tasks_in_the_trash_are_purged_with_their_child_items_after_30_days(
    scenario: EarlierScenario, run_function: RunFunction
) -> None:
    trashed = ("trashed_task", "deleted_parent", "deleted_child")
    read_body(scenario.ann.post(f"/api/tasks/{IDS['deleted_parent']}/restore"))
    skip_to(scenario, run_function, "2026-12-17T07:30")
    run_function("tick")
    assert len(table_items("", "TRASH#")) == 2
    scenario.set_time("2026-12-17T08:05")
    run_function("tick")
    left = {name for name in trashed if has_items(IDS[name])}
    assert left == {"deleted_parent"}
    assert scenario.ann.post(f"/api/tasks/{IDS['trashed_task']}/restore").status_code == 404
    assert read_body(scenario.ann.get(f"/api/tasks/{IDS['deleted_parent']}"))["title"] == "A branch"
    assert scenario.statistics_match_tasks()


def has_items(task: str) -> bool:
    """Return whether an item other than a mail names the task."""
    found = (item for item in table_items() if not has_key(item, "OUTBOX#", ""))
    return any(task in item["PK"]["S"] + item["SK"]["S"] for item in found)


def skip_to(scenario: EarlierScenario, run_function: RunFunction, until: str) -> None:
    """Run the tick, and set the clock to `until` as if later ticks had found nothing to do."""
    run_function("tick")
    scenario.set_time(until)
    set_watermarks()


def test_an_account_is_erased_when_its_grace_period_is_over(
    scenario: EarlierScenario, run_function: RunFunction
) -> None:
    fay = scenario.person("fay")
    skip_to(scenario, run_function, "2026-11-25T11:50")
    assert run_function("tick")["erased"] == 0
    assert table_items("EMAIL#f", "fay@")
    scenario.set_time("2026-11-25T12:00")
    assert run_function("tick")["erased"] == 1
    assert table_items("EMAIL#f") == [] and table_items("USERNAME#fay") == []
    (profile,) = table_items(f"USER#{fay.id}", "PROFILE")
    assert "fay" not in json.dumps(profile).replace(fay.id, "") and "erased_at" in profile
    assert fay.id not in json.dumps(read_body(scenario.ann.get(f"{PROJECT}/members")))
    assert scenario.statistics_match_tasks()


def test_logging_in_within_the_grace_period_cancels_the_deletion_of_an_account(
    scenario: EarlierScenario, run_function: RunFunction
) -> None:
    fay = scenario.person("fay")
    assert fay.get("/api/auth/profile").status_code == 401
    fay.log_in()
    assert read_body(fay.get("/api/auth/profile"))["username"] == "fay"
    skip_to(scenario, run_function, "2026-11-25T11:50")
    scenario.set_time("2026-11-25T12:30")
    assert run_function("tick")["erased"] == 0
    assert table_items("EMAIL#f", "fay@") and table_items("USERNAME#fay")


def test_uploads_that_never_arrived_are_removed_after_a_day(
    scenario: EarlierScenario, run_function: RunFunction
) -> None:
    before = used_storage()
    scenario.set_time("2026-11-19T12:00")
    assert run_function("tick")["expired"] == 3  # a form upload, a multipart upload and an avatar
    assert table_items("TASK#", f"FILE#{IDS['pending_attachment']}") == []
    assert table_items("TASK#", f"FILE#{IDS['large_attachment']}") == []
    assert table_items("USER#", f"AVATAR#{IDS['pending_avatar']}") == []
    assert used_storage() == (before[0] - 4 - 7 * 1024 * 1024, before[1] - 2)


def test_tombstones_of_files_are_removed_by_the_tick(
    scenario: EarlierScenario, run_function: RunFunction
) -> None:
    keys = {
        f"att/{IDS['parent']}/{IDS['gone_attachment']}",
        f"avatar/{scenario.bob.id}/{IDS['gone_avatar']}",
    }
    run_function("tick")
    assert not keys & object_keys()
    assert table_items("TASK#", f"FILE#{IDS['gone_attachment']}") == []
    assert table_items("USER#", f"AVATAR#{IDS['gone_avatar']}") == []


def test_the_counter_repair_finds_no_drift(
    scenario: EarlierScenario, run_function: RunFunction
) -> None:
    assert run_function(REPAIR_COUNTERS) == {"begun": 1}
    outcome = run_function("tick")
    assert (outcome["counted"], outcome["drift"]) == (4, 0)
    assert scenario.statistics_match_tasks()


def test_the_running_weekly_clean_up_finds_no_differences_between_items_and_objects(
    scenario: EarlierScenario, run_function: RunFunction
) -> None:
    for minutes in range(0, 80, 8):
        scenario.clock.move_to(NOW + timedelta(minutes=minutes))
        run_function("tick")
        (run,) = table_items("SWEEP#files")
        if "finished_at" in run:
            break
    assert "finished_at" in run
    assert (run["rows_without_object"], run["objects_without_row"]) == ({"N": "0"}, {"N": "0"})
    assert int(run["seen"]["N"]) > 0
