"""Uses the generated client `task_manager` for the main workflow, and prints the results.

`test_generated_client.py` runs this file in the virtual environment of the generator.
"""

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
    anonymous = Client(base_url, timeout=60)
    person = Registration(name, email, PASSWORD, PASSWORD)
    print(
        "registered",
        parse_success(register_account.sync(client=anonymous, body=person)).username == name,
    )
    login = parse_success(log_in.sync(client=anonymous, body=Login(email, PASSWORD)))
    client = AuthenticatedClient(base_url, login.access, timeout=60)
    project = parse_success(create_project.sync(client=client, body=NewProject("Launch"))).id
    task = parse_success(
        create_task.sync(client=client, body=NewTask(project, "Write the plan"))
    ).id
    print("uploaded", upload_file(client, task))
    status = NewStatus(NewStatusStatus.IN_PROGRESS)
    parse_success(set_task_status.sync(task, client=client, body=status))
    listed_status = TaskListsListedStatus.IN_PROGRESS
    page = parse_success(list_tasks.sync(client=client, project=project, status=listed_status))
    print("listed", [(item.title, item.attachments_count) for item in page.items])
    print("logged out", log_out.sync_detailed(client=client).status_code.value)
    refused = get_profile.sync(client=client)
    print("refused", refused.status, refused.code.value)


def upload_file(client: AuthenticatedClient, task: str) -> str:
    """Attach a file to a task and return the status of the attachment."""
    file = NewAttachment("notes.txt", "text/plain", len(TEXT))
    announced = parse_success(create_attachment.sync(task, client=client, body=file))
    form = announced.upload
    fields = form.fields.to_dict()
    httpx.post(form.url, data=fields, files={"file": TEXT}, timeout=60).raise_for_status()
    file_id = announced.attachment.id
    return str(parse_success(complete_attachment.sync(task, file_id, client=client)).status.value)


def parse_success(answer: Any) -> Any:
    """Return the answer of the client, which must be no problem document."""
    assert not hasattr(answer, "code"), answer
    return answer


if __name__ == "__main__":
    main(*sys.argv[1:])
