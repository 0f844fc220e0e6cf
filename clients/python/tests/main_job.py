"""The main job by the generated code alone.

`tests/live/test_clients.py` runs it in the environment of the clients and
checks the lines that it prints.
"""

import sys
from typing import TypeVar

import httpx

from task_manager_client.api.attachments import complete_attachment, create_attachment
from task_manager_client.api.auth import log_in, log_out, register_account
from task_manager_client.api.profile import get_profile
from task_manager_client.api.projects import create_project
from task_manager_client.api.tasks import create_task, get_task, list_tasks, update_task
from task_manager_client.client import AuthenticatedClient, Client
from task_manager_client.models import (
    Account,
    Attachment,
    FormUpload,
    InvalidProblem,
    Login,
    NewAttachment,
    NewProject,
    NewTask,
    PreconditionFailedProblem,
    Project,
    Registration,
    SignedIn,
    Task,
    TaskCardPage,
    TaskOrdering,
    TaskPatch,
    TaskStatus,
    TaskStatusFilter,
    UnauthenticatedProblem,
)
from task_manager_client.types import UNSET, Unset

PASSWORD = "correct horse battery"
TEXT = b"hello\n"

T = TypeVar("T")


def main(base_url: str, name: str) -> None:
    email = f"{name}@example.com"
    anyone = Client(base_url, timeout=httpx.Timeout(60))
    account = Registration(name, email, PASSWORD, PASSWORD)
    require(Account, register_account.sync(client=anyone, body=account))
    signed_in = require(SignedIn, log_in.sync(client=anyone, body=Login(email, PASSWORD)))
    client = AuthenticatedClient(base_url, signed_in.access, timeout=httpx.Timeout(60))

    project = require(Project, create_project.sync(client=client, body=NewProject("Launch"))).id
    body = NewTask(project, "Write the plan", due_date="2026-12-01")
    task = require(Task, create_task.sync(client=client, body=body))
    due_date: str | None = task.due_date
    print("created", task.status, task.priority, due_date)
    print("uploaded", upload(client, task.id))
    change(client, task.id)
    list_to_the_end(client, project)
    read_errors(client, project)
    print("logged out", log_out.sync_detailed(client=client).status_code.value)
    refused = require(UnauthenticatedProblem, get_profile.sync(client=client))
    print("refused", refused.status, refused.code)


def upload(client: AuthenticatedClient, task_id: str) -> str:
    """Upload a file and return the status of the attachment."""
    file = NewAttachment("notes.txt", "text/plain", len(TEXT))
    announced = require(FormUpload, create_attachment.sync(task_id, client=client, body=file))
    form = announced.upload
    fields = form.fields.to_dict()
    httpx.post(form.url, data=fields, files={"file": TEXT}, timeout=60).raise_for_status()
    completed = complete_attachment.sync(task_id, announced.attachment.id, client=client)
    return str(require(Attachment, completed).status)


def change(client: AuthenticatedClient, task_id: str) -> None:
    """Change the task with its ETag, then try it again with the same ETag, which is old by then."""
    etag = get_task.sync_detailed(task_id, client=client).headers["ETag"]
    patch = TaskPatch(status=TaskStatus.IN_PROGRESS)
    changed = update_task.sync(task_id, client=client, body=patch, if_match=etag)
    print("changed", require(Task, changed).status, require(Task, changed).version)
    patch = TaskPatch(status=TaskStatus.DONE)
    answer = update_task.sync(task_id, client=client, body=patch, if_match=etag)
    refused = require(PreconditionFailedProblem, answer)
    print("refused", refused.status, refused.code)


def list_to_the_end(client: AuthenticatedClient, project: str) -> None:
    """Add five tasks and list those to do or in review, two a page, to the end."""
    for number in range(1, 6):
        body = NewTask(project, f"Step {number}")
        require(Task, create_task.sync(client=client, body=body))
    titles: list[str] = []
    pages, cursor = 0, None
    while pages == 0 or cursor is not None:
        answer = list_tasks.sync(
            client=client,
            project=[project],
            status=[TaskStatusFilter.TODO, TaskStatusFilter.REVIEW],
            ordering=TaskOrdering.CREATED_AT,
            limit=2,
            cursor=cursor or UNSET,
        )
        page = require(TaskCardPage, answer)
        titles += [item.title for item in page.items]
        pages, cursor = pages + 1, page.next_cursor
    print("listed", ", ".join(titles), "on", pages, "pages")


def read_errors(client: AuthenticatedClient, project: str) -> None:
    """Send a task with two fields that are not valid, and read the error of each."""
    body = NewTask(project, "", description="x" * 20_001)
    invalid = require(InvalidProblem, create_task.sync(client=client, body=body))
    assert not isinstance(invalid.errors, Unset)
    print("invalid", invalid.code, ", ".join(sorted(each.location for each in invalid.errors)))


def require(kind: type[T], answer: object) -> T:
    """Return the answer, which must be a `kind`; the client parses failures into problems."""
    assert isinstance(answer, kind), answer
    return answer


if __name__ == "__main__":
    main(*sys.argv[1:])
