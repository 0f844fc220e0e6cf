"""The start of each command: create the client of the API, and find a project by its name."""

from task_cli.credentials import CredentialStore, load_credentials
from task_cli.failures import NOT_FOUND, Refused
from task_manager_client import TaskManager, connect, iterate, resume
from task_manager_client.api.projects import list_projects
from task_manager_client.models import CountedProject


def open_client() -> TaskManager:
    """Return a client with the credential of the environment or of the last login."""
    credentials = load_credentials()
    if credentials.token:
        return connect(credentials.url, credentials.token)
    return resume(credentials.url, CredentialStore())


def find_project(client: TaskManager, name: str) -> str:
    """Return the id of the project with this key, name or id. Raises Refused."""
    wanted = name.casefold()
    found = [
        each
        for each in iterate(CountedProject, list_projects.sync, client=client)
        if wanted in (each.key.casefold(), each.name.casefold(), each.id)
    ]
    if not found:
        raise Refused(f"you have no project {name!r}; `task projects` lists them", NOT_FOUND)
    if len(found) > 1:
        ids = ", ".join(each.id for each in found)
        raise Refused(f"several projects are named {name!r}; use an id: {ids}")
    return found[0].id
