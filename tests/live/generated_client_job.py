"""The main job by the generated client `task_manager`: run by `test_generated_client.py` in the
generator's environment. Says what it saw."""

import sys
from typing import Any

import httpx
from task_manager import AuthenticatedClient, Client
from task_manager.api.attachments import attachments_announce, attachments_complete
from task_manager.api.auth import auth_log_in, auth_log_out, auth_register
from task_manager.api.profile import profile_read
from task_manager.api.projects import projects_create
from task_manager.api.task_lists import task_lists_listed
from task_manager.api.tasks import tasks_change_status, tasks_create
from task_manager.models import (
    Login,
    NewAttachment,
    NewProject,
    NewStatus,
    NewStatusStatus,
    NewTask,
    Registration,
    TaskListsListedStatus,
)

PASSWORD = "correct horse battery"
TEXT = b"hello\n"


def main(base_url: str, name: str) -> None:
    email = f"{name}@example.com"
    anybody = Client(base_url, timeout=60)
    person = Registration(name, email, PASSWORD, PASSWORD)
    print("registered", succeeded(auth_register.sync(client=anybody, body=person)).username == name)
    signed_in = succeeded(auth_log_in.sync(client=anybody, body=Login(email, PASSWORD)))
    client = AuthenticatedClient(base_url, signed_in.access, timeout=60)
    project = succeeded(projects_create.sync(client=client, body=NewProject("Launch"))).id
    task = succeeded(tasks_create.sync(client=client, body=NewTask(project, "Write the plan"))).id
    print("uploaded", uploads(client, task))
    doing = NewStatus(NewStatusStatus.IN_PROGRESS)
    succeeded(tasks_change_status.sync(task, client=client, body=doing))
    wanted = TaskListsListedStatus.IN_PROGRESS
    page = succeeded(task_lists_listed.sync(client=client, project=project, status=wanted))
    print("listed", [(each.title, each.attachments_count) for each in page.items])
    print("logged out", auth_log_out.sync_detailed(client=client).status_code.value)
    refused = profile_read.sync(client=client)
    print("refused", refused.status, refused.code.value)


def uploads(client: AuthenticatedClient, task: str) -> str:
    file = NewAttachment("notes.txt", "text/plain", len(TEXT))
    announced = succeeded(attachments_announce.sync(task, client=client, body=file))
    form = announced.upload
    fields = form.fields.to_dict()
    httpx.post(form.url, data=fields, files={"file": TEXT}, timeout=60).raise_for_status()
    file_id = announced.attachment.id
    return str(succeeded(attachments_complete.sync(task, file_id, client=client)).status.value)


def succeeded(answer: Any) -> Any:
    """The answer of a success; the client parses failures into problems."""
    assert not hasattr(answer, "code"), answer
    return answer


if __name__ == "__main__":
    main(*sys.argv[1:])
