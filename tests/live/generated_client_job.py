"""The main job by the generated client `task_manager`: run by `test_generated_client.py` in the
generator's environment. Says what it saw."""

import sys
from typing import Any

import httpx
from task_manager import AuthenticatedClient, Client
from task_manager.api.attachments import complete_attachment, create_attachment
from task_manager.api.auth import log_in, log_out, register_account
from task_manager.api.profile import get_profile
from task_manager.api.projects import create_project
from task_manager.api.task_lists import list_tasks
from task_manager.api.tasks import create_task, set_task_status
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
    print(
        "registered", succeeded(register_account.sync(client=anybody, body=person)).username == name
    )
    signed_in = succeeded(log_in.sync(client=anybody, body=Login(email, PASSWORD)))
    client = AuthenticatedClient(base_url, signed_in.access, timeout=60)
    project = succeeded(create_project.sync(client=client, body=NewProject("Launch"))).id
    task = succeeded(create_task.sync(client=client, body=NewTask(project, "Write the plan"))).id
    print("uploaded", uploads(client, task))
    doing = NewStatus(NewStatusStatus.IN_PROGRESS)
    succeeded(set_task_status.sync(task, client=client, body=doing))
    wanted = TaskListsListedStatus.IN_PROGRESS
    page = succeeded(list_tasks.sync(client=client, project=project, status=wanted))
    print("listed", [(each.title, each.attachments_count) for each in page.items])
    print("logged out", log_out.sync_detailed(client=client).status_code.value)
    refused = get_profile.sync(client=client)
    print("refused", refused.status, refused.code.value)


def uploads(client: AuthenticatedClient, task: str) -> str:
    file = NewAttachment("notes.txt", "text/plain", len(TEXT))
    announced = succeeded(create_attachment.sync(task, client=client, body=file))
    form = announced.upload
    fields = form.fields.to_dict()
    httpx.post(form.url, data=fields, files={"file": TEXT}, timeout=60).raise_for_status()
    file_id = announced.attachment.id
    return str(succeeded(complete_attachment.sync(task, file_id, client=client)).status.value)


def succeeded(answer: Any) -> Any:
    """The answer of a success; the client parses failures into problems."""
    assert not hasattr(answer, "code"), answer
    return answer


if __name__ == "__main__":
    main(*sys.argv[1:])
