"""Hooks of Schemathesis. They run in its own virtual environment."""

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
from schemathesis.openapi.checks import JsonSchemaError, RejectedPositiveData

FOLDER = Path(os.environ["CONTRACT_FOLDER"])
CALLER_TOKENS = {
    entry["fixedHeaders"][0]["value"]
    for entry in json.loads((FOLDER / "callers.json").read_text())["auth"]
}
DISPOSABLE_TOKENS = {
    kind: cycle(tokens)
    for kind, tokens in json.loads((FOLDER / "disposable.json").read_text()).items()
}
# Each call of an operation that ends a session or an account uses a disposable one, because later
# calls need the caller's session.
DISPOSABLE_KINDS = {
    "logOut": "sessions",
    "listSessions": "sessions",
    "endSession": "sessions",
    "endOtherSessions": "accounts",
    "changePassword": "accounts",
    "deleteAccount": "accounts",
}
# Errors that depend on stored data, so that a valid request may also get them.
DEPENDS_ON_STATE = {
    "invalid_cursor",
    "invalid_token",
    "wrong_code",
    "wrong_passkey",
    "sign_in_failed",
    "wrong_password",
    "idempotency_key_reused",
    "precondition_failed",
}
LIST_FILTERS = {"assigned_to", "created_by", "label", "label_all", "due", "q"}
# A rule as in RFC 5545, which needs a due date.
RECURRENCE = {"rrule", "repeat_from", "due_date"}
# Validation that JSON Schema can't express, because it compares fields with each other or with
# stored data: operation -> fields that its 422 may name. Any other 422 of valid data is a finding.
NOT_IN_SCHEMA = {
    "createApiToken": {"projects", "expires_at"},  # must be the caller's; within a year
    # Limits of the stage; no digest with a multipart upload.
    "createAttachment": {"size", "content_type", "sha256"},
    "createAttachmentPartUrls": {"numbers"},  # at most the number of parts
    # Must equal password; letters, marks and digits only; a domain that IDNA allows.
    "registerAccount": {"password_confirm", "username", "email"},
    "requestPasswordReset": {"email"},
    "resendVerification": {"email"},
    "requestEmailChange": {"email"},
    "resetPassword": {"password_confirm"},
    "addMember": {"user_id", "email"},  # either of them; a domain that IDNA allows
    "removeMember": {"reassign_to"},  # must be a member
    "transferProject": {"user_id"},  # must be another member
    "createAvatar": {"size", "content_type"},
    # An IANA time zone; as for registerAccount; another time than the start.
    "updateProfile": {"time_zone", "username", "quiet_hours.end"},
    "markAllNotificationsAsRead": {"up_to"},  # an id
    "changePassword": {"new_password_confirm"},
    # Exactly one of them.
    "completeLogin": {"code", "recovery_code", "passkey"},
    "stepUp": {"password", "code", "recovery_code", "passkey"},
    "replaceReminders": {"reminders[]"},  # either minutes_before or at
    "createReport": {"first_day", "last_day"},  # ordered, not in the future
    # Ids, up to 20 between commas; not none; not with due_before; one to eight words.
    "listTasks": LIST_FILTERS,
    # As for listTasks; the view of a project has no filter by project.
    "createView": {f"filter.{name}" for name in (*LIST_FILTERS, "project")},
    "updateView": {f"filter.{name}" for name in (*LIST_FILTERS, "project")},
    "createProjectExport": {
        "filter",  # is bounded
        *(f"filter.{name}" for name in (*LIST_FILTERS, "project")),
    },
    "assignTask": {"assigned_to"},  # must be a member
    "setTaskPosition": {"after", "before"},  # either of them; another task of the project
    # Of the same project; a start date is not after the due date.
    "updateTask": {"assigned_to", "labels", "parent", "start_date"} | RECURRENCE,
    "createTask": {"assigned_to", "labels", "parent", "start_date"} | RECURRENCE,
    "replaceTask": {"assigned_to", "labels", "parent", "start_date"} | RECURRENCE,
    "createRelation": {"task"},  # another task that the caller has access to
    "findUser": {"email"},  # either this or username
    "listAudit": {"action"},  # with subject or actor
    # One of the stage's.
    "startSignIn": {"provider"},
    "signIn": {"provider"},
    "startLinking": {"provider"},
    "linkIdentity": {"provider"},
    "createWebhook": {"url"},  # https, of a public address
    "updateWebhook": {"url"},
    "duplicateProject": {"start_date"},  # a day of the calendar
    # Either `project` or `name`, and `key` only with `name`; a zone that exists.
    "createImport": {"project", "name", "key", "time_zone"},
}
RESPONSES: dict[str, Counter[int]] = defaultdict(Counter)


@schemathesis.hook
def before_call(context: Any, case: Any, kwargs: dict[str, Any]) -> None:
    """Replace the caller's token where the operation would end its session."""
    kind = DISPOSABLE_KINDS.get(_get_operation_id(case))
    if kind is not None and case.headers.get("Authorization") in CALLER_TOKENS:
        case.headers["Authorization"] = f"Bearer {next(DISPOSABLE_TOKENS[kind])}"


@schemathesis.hook
def after_call(context: Any, case: Any, response: Any) -> None:
    """Count the response's status."""
    RESPONSES[_get_operation_id(case)][response.status_code] += 1


@schemathesis.hook
def filter_failure(context: Any, failure: Any, case: Any, response: Any) -> bool:
    """Return whether the failure is a finding."""
    if isinstance(failure, RejectedPositiveData):
        return not _is_rejected_beyond_schema(_get_operation_id(case), response.json())
    if isinstance(failure, AcceptedNegativeData) and _get_operation_id(case) == "runTaskOperations":
        # 200: an invalid operation has its own result, and the others are applied.
        return all(result["status"] < 400 for result in response.json()["results"])
    if isinstance(failure, AcceptedNegativeData) and response.status_code == 308:
        return False  # a task that was moved: the request is checked at its new address
    # The schema has the fields of a response without this parameter; tests/contract.py checks
    # responses with it.
    return not (isinstance(failure, JsonSchemaError) and "fields" in (case.query or {}))


def _is_rejected_beyond_schema(operation: str, problem: dict[str, Any]) -> bool:
    """Return whether valid data was rejected by a check that JSON Schema can't express."""
    if problem["code"] in DEPENDS_ON_STATE:
        return True
    named = {re.sub(r"\[\d+\]", "[]", each["location"]) for each in problem.get("errors", [])}
    if problem["code"] == "invalid_json":  # a passkey may have other fields, but no larger numbers
        return bool(named) and all(each.startswith("passkey.") for each in named)
    return bool(named) and named <= NOT_IN_SCHEMA.get(operation, set())


@atexit.register
def write_responses() -> None:
    (FOLDER / "responses.json").write_text(json.dumps(RESPONSES))


def _get_operation_id(case: Any) -> str:
    return str(case.operation.definition.raw["operationId"])
