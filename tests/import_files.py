"""Helpers for tests of imports: they announce, upload and run an import."""

import json
from typing import Any

from chalicelib import settings
from chalicelib.aws import clients
from tests.job_results import read_job, run_streamed
from tests.support import Person

TODOIST_COLUMNS = (
    "TYPE,CONTENT,DESCRIPTION,PRIORITY,INDENT,AUTHOR,RESPONSIBLE,DATE,DATE_LANG,TIMEZONE"
)


def announce(person: Person, file_format: str, body: bytes, **fields: Any) -> dict[str, Any]:
    """Announce an import of a file; return the answer."""
    new = {"format": file_format, "size": len(body), **fields}
    answer = person.post("/api/imports", new)
    assert answer.status_code == 201, answer.json_body
    announced: dict[str, Any] = answer.json_body
    return announced


def upload(import_id: str, body: bytes) -> None:
    """Put the file where the form of the import puts it."""
    clients.s3_client().put_object(
        Bucket=settings.BUCKET_NAME, Key=f"results/{import_id}/upload", Body=body
    )


def start_import(person: Person, file_format: str, body: bytes, **fields: Any) -> str:
    """Announce, upload and start an import; return its path."""
    announced = announce(person, file_format, body, **fields)
    upload(announced["id"], body)
    path = f"/api/imports/{announced['id']}"
    assert person.post(f"{path}/start").status_code == 202
    return path


def run_import(person: Person, file_format: str, body: bytes | str, **fields: Any) -> Any:
    """Import a file and return the import when it is over."""
    raw = body.encode() if isinstance(body, str) else body
    path = start_import(person, file_format, raw, **fields)
    assert run_streamed(path) == 0
    return read_job(person, path)


def todoist_file(*lines: str) -> bytes:
    """Return a CSV file of Todoist with these lines, which may end early."""
    return "\r\n".join((TODOIST_COLUMNS, *lines, "")).encode()


def trello_file(**members: Any) -> bytes:
    """Return a board of Trello; it has no lists and cards unless they are given."""
    return json.dumps({"name": "Board", "lists": [], "cards": [], **members}).encode()


def list_tasks(person: Person, project: str) -> list[dict[str, Any]]:
    """Return the tasks of a project with all fields, oldest first."""
    items = person.list_all(f"/api/tasks?project={project}&limit=100&ordering=created_at")
    return [person.get(f"/api/tasks/{task['id']}").json_body for task in items]


def find_codes(state: dict[str, Any]) -> list[tuple[int, str, str]]:
    """Return line, field and code of each problem in the report of an import."""
    return [(each["line"], each["field"], each["code"]) for each in state["report"]["problems"]]
