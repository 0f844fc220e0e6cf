"""Log in, create a task with a file, and list what is open.

API_URL=http://localhost:8000 EMAIL=demo@example.com PASSWORD=demo-password python quickstart.py
"""

import os
import tempfile
from pathlib import Path

from task_manager_client import ApiError, expect, iterate, log_in, upload_file
from task_manager_client.api.projects import create_project
from task_manager_client.api.tasks import create_task, list_tasks
from task_manager_client.models import NewProject, NewTask, Project, Task, TaskCard, TaskOrdering

TITLES = ["Write the plan", "Book a room", "Send the invitations"]


def main() -> None:
    base_url = os.environ.get("API_URL", "http://localhost:8000")
    with log_in(base_url, os.environ["EMAIL"], os.environ["PASSWORD"]) as client:
        project = expect(Project, create_project.sync(client=client, body=NewProject("Launch")))
        tasks = []
        for title in TITLES:
            body = NewTask(project.id, title)
            tasks.append(expect(Task, create_task.sync(client=client, body=body)))
            print("created", tasks[-1].key, tasks[-1].title)

        with tempfile.TemporaryDirectory() as folder:
            notes = Path(folder) / "notes.txt"
            notes.write_text("hello\n")
            attachment = upload_file(client, tasks[0].id, notes)
        print("uploaded", attachment.filename, attachment.status)

        order = TaskOrdering.CREATED_AT
        for task in iterate(
            TaskCard, list_tasks.sync, client=client, project=[project.id], ordering=order
        ):
            print("open", task.key, task.title)

        try:
            create_task.sync(client=client, body=NewTask(project.id, ""))
        except ApiError as error:
            print("refused", error.code, ", ".join(error.errors))


if __name__ == "__main__":
    main()
