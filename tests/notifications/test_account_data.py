"""The export of an account has its notifications, and its deletion removes them."""

import json
from collections.abc import Callable
from typing import Any

from chalicelib.accounts.jobs import delete_due_accounts
from chalicelib.clock import now
from tests.job_results import download_job_file, request_job, run_sweep
from tests.notifications.conftest import Assign
from tests.notifications.inbox import NOTIFICATIONS, set_profile
from tests.support import PASSWORD, Person
from tests.table_items import scan_items


def _inbox_items(person: Person) -> list[str]:
    """Return the sort keys in the partition of a person's inbox."""
    items = (item for item in scan_items() if item["PK"]["S"] == f"INBOX#{person.id}")
    return [item["SK"]["S"].partition("#")[0] for item in items]


def test_an_export_has_all_notifications_and_whether_they_were_read(
    bob: Person, assign: Assign
) -> None:
    set_profile(bob, digest_hour=8, quiet_hours={"start": "22:00", "end": "07:00"})
    task = assign("One")
    bob.post(f"{NOTIFICATIONS}/read")
    assign("Two")
    export = request_job(bob, "/api/auth/profile/exports")
    run_sweep()
    content: Any = json.loads(download_job_file(bob, export, "account.json"))
    first, second = content["notifications"]
    assert (first["kind"], first["task_id"], first["is_read"]) == ("assigned", task, True)
    assert second["is_read"] is False
    profile = content["profile"]
    assert (profile["digest_hour"], profile["quiet_start"], profile["inbox"]) == (8, "22:00", None)


def test_a_deleted_account_leaves_no_notifications(
    bob: Person, assign: Assign, go_to: Callable[..., None]
) -> None:
    set_profile(bob, digest_hour=8)
    assign()
    assert sorted(_inbox_items(bob)) == ["DIGEST", "DIGEST", "NOTIFICATION", "UNREAD"]
    assert bob.call("DELETE", "/api/auth/profile", {"password": PASSWORD}).status_code == 204
    go_to("2026-11-29T10:30")
    assert delete_due_accounts(now())["erased"] == 1
    assert _inbox_items(bob) == []
    (profile,) = (
        item
        for item in scan_items()
        if (item["PK"]["S"], item["SK"]["S"]) == (f"USER#{bob.id}", "PROFILE")
    )
    assert not {"inbox", "digest_hour", "quiet_start", "quiet_end"} & profile.keys()
