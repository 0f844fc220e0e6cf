"""The export of an account has every kind of item that is stored of a person, and its deletion
removes or anonymizes each, as docs/privacy.md says."""

import json
from typing import Any

import pytest
from chalice.test import Client

from chalicelib.accounts.models import User
from chalicelib.clock import now
from chalicelib.jobs.tick import run_tick
from tests.audit.filled_account import FilledAccount, map_kinds, read_kind
from tests.audit.privacy_table import ROWS
from tests.job_results import download_job_file, request_job, run_sweep
from tests.structure.test_privacy import ENTITIES
from tests.support import Person
from tests.table_items import scan_items

KINDS = map_kinds(ENTITIES)
TABLE = {row.entity: row for row in ROWS}
# A base of other entities, and words of the texts in tasks.
NOT_FILLED = {"Holder", "SearchTerm"}
# What the export says of itself, and not of the person.
OF_THE_EXPORT = {"exported_at", "time_zone"}


@pytest.fixture
def account(client: Client, ann: Person) -> FilledAccount:
    return FilledAccount(client, ann)


def _name_entity(item: Any) -> str:
    kind = read_kind(item["PK"]["S"], item["SK"]["S"])
    assert kind in KINDS, f"tests/audit/filled_account.py does not know the key {kind}"
    return KINDS[kind]


def _mentions(item: Any, *texts: str) -> bool:
    return any(text in json.dumps(item) for text in texts)


def _export(eve: Person) -> tuple[dict[str, Any], str]:
    job = request_job(eve, "/api/auth/profile/exports")
    run_sweep()
    raw = download_job_file(eve, job, "account.json").decode()
    content: dict[str, Any] = json.loads(raw)
    return content, raw


def _require_every_kind() -> None:
    filled = {_name_entity(item) for item in scan_items()}
    personal = {row.entity for row in ROWS if row.is_personal}
    assert personal - filled == NOT_FILLED, "create one in tests/audit/filled_account.py"


def _find_secrets() -> set[str]:
    names = {"digest", "password_hash", "token", "new_email_token"}
    items = scan_items()
    return {item[name]["S"] for item in items for name in names & item.keys()}


def test_the_export_has_every_kind_of_item_as_the_table_says(account: FilledAccount) -> None:
    _require_every_kind()
    content, raw = _export(account.eve)
    for row in ROWS:
        for name in row.exported_as:
            assert content.get(name, f'"{name}":' in raw), (row.entity, name)
    named = {name for row in ROWS for name in row.exported_as}
    assert content.keys() - OF_THE_EXPORT <= named, "name it in docs/privacy.md"
    tasks = {task["title"]: task for task in content["tasks"]}
    assert tasks.keys() == {"Own", "New", "Plan"}
    assert tasks["New"]["watching"] is True and tasks["Own"]["comments"][0]["body"] == "Hello"
    kinds = {job["kind"] for job in content["jobs"]}
    assert {"import", "project_export", "account_export"} <= kinds
    assert "member.left" in {entry["action"] for entry in content["actions_in_projects"]}
    secrets = _find_secrets()
    assert len(secrets) >= 4 and not [secret for secret in secrets if secret in raw]


def test_the_deletion_removes_or_anonymizes_every_item_as_the_table_says(
    account: FilledAccount, wait_days: Any
) -> None:
    _require_every_kind()
    eve = account.eve
    assert eve.delete("/api/auth/profile").status_code == 204
    wait_days(days=7)
    run_tick(now())
    run_tick(now())
    items = scan_items()
    assert [item for item in items if item["PK"]["S"] == f"INBOX#{eve.id}"] == []
    (profile,) = [item for item in items if item["PK"]["S"] == f"USER#{eve.id}"]
    assert profile["SK"]["S"] == "PROFILE"
    assert {name for name, value in profile.items() if value.get("S")} <= {
        *("PK", "SK", "username", "time_zone", "created_at", "erased_at"),
    }
    assert set(profile) <= {*User.get_attributes()} and not _mentions(profile, "eve")
    for item in items:
        row = TABLE[_name_entity(item)]
        if _mentions(item, eve.id):
            assert not row.is_removed or "anonymous" in row.fate, item
        if _mentions(item, eve.email, "new@example.com"):
            assert row.fate.startswith("ends"), item
        if row.fate.startswith("ends") and row.is_personal and _mentions(item, eve.id, eve.email):
            assert "expires_at" in item or row.entity in ("DeferredUpdate", "JobSlot"), item
