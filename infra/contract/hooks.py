"""What Schemathesis is told in code. Runs in its environment, not in ours."""

import atexit
import json
import os
import re
from collections import Counter, defaultdict
from itertools import cycle
from pathlib import Path
from typing import Any

import schemathesis
from schemathesis.core.failures import AcceptedNegativeData
from schemathesis.openapi.checks import RejectedPositiveData

FOLDER = Path(os.environ["CONTRACT_FOLDER"])
REAL = {
    entry["fixedHeaders"][0]["value"]
    for entry in json.loads((FOLDER / "callers.json").read_text())["auth"]
}
SPARE = {
    kind: cycle(tokens) for kind, tokens in json.loads((FOLDER / "spare.json").read_text()).items()
}
# Routes that end a session or an account have one of their own for each call: the next call of
# another route needs the caller's.
SPENDS = {
    "auth_log_out": "sessions",
    "sessions_listed": "sessions",
    "sessions_end": "sessions",
    "sessions_end_others": "leavers",
    "profile_change_password": "leavers",
    "profile_leave": "leavers",
}
# Refusals that depend on what is stored: no form of a request is right for good.
DEPENDS_ON_STATE = {
    "invalid_cursor",
    "invalid_token",
    "wrong_password",
    "idempotency_key_reused",
    "precondition_failed",
}
# Rules between fields, or between a field and what is stored, which JSON Schema has no words for:
# operation -> the fields that it may name. Whatever else is refused must be in the document.
BEYOND_A_SCHEMA = {
    "api_tokens_create": {"projects", "expires_at"},  # the caller's own; within a year
    # What the stage allows; no digest for what comes in parts.
    "attachments_announce": {"size", "content_type", "sha256"},
    "attachments_part_addresses": {"numbers"},  # the file has so many parts
    "auth_register": {"password_confirm"},  # typed twice alike
    "auth_reset_password": {"password_confirm"},
    "members_add": {"user_id"},  # this or email
    "members_remove": {"reassign_to"},  # a member
    "members_transfer": {"user_id"},  # another member
    "profile_announce_avatar": {"size", "content_type"},
    "profile_change": {"time_zone"},  # one of IANA's
    "profile_change_password": {"new_password_confirm"},
    "reminders_replace": {"reminders[]"},  # minutes_before or at
    "reports_ask": {"first_day", "last_day"},  # in order, not in the future
    "task_lists_listed": {"assigned_to", "created_by", "due"},  # ids; not beside due_before
    "tasks_assign": {"assigned_to"},  # a member
    "tasks_change": {"assigned_to", "labels", "parent"},  # of the same project
    "tasks_create": {"assigned_to", "labels", "parent"},
    "tasks_replace": {"assigned_to", "labels", "parent"},
    "users_find": {"email"},  # this or username
}
ANSWERED: dict[str, Counter[int]] = defaultdict(Counter)


@schemathesis.hook
def before_call(context: Any, case: Any, kwargs: dict[str, Any]) -> None:
    spends = SPENDS.get(_id_of(case))
    if spends is not None and case.headers.get("Authorization") in REAL:
        case.headers["Authorization"] = f"Bearer {next(SPARE[spends])}"


@schemathesis.hook
def after_call(context: Any, case: Any, response: Any) -> None:
    ANSWERED[_id_of(case)][response.status_code] += 1


@schemathesis.hook
def filter_failure(context: Any, failure: Any, case: Any, response: Any) -> bool:
    """Whether it is one."""
    if isinstance(failure, RejectedPositiveData):
        return not _refused_beyond_a_schema(_id_of(case), response.json())
    if isinstance(failure, AcceptedNegativeData) and _id_of(case) == "bulk_run":
        # 200 with a status of its own for each operation: refused if all of them are.
        return any(result["status"] < 400 for result in response.json()["results"])
    return True


def _refused_beyond_a_schema(operation: str, problem: dict[str, Any]) -> bool:
    """Whether valid data was refused for what no schema can say."""
    if problem["code"] in DEPENDS_ON_STATE:
        return True
    named = {re.sub(r"\[\d+\]", "[]", each["location"]) for each in problem.get("errors", [])}
    return bool(named) and named <= BEYOND_A_SCHEMA.get(operation, set())


@atexit.register
def write_what_was_answered() -> None:
    (FOLDER / "answered.json").write_text(json.dumps(ANSWERED))


def _id_of(case: Any) -> str:
    return str(case.operation.definition.raw["operationId"])
