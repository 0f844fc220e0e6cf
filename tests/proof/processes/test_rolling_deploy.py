"""During a deployment, processes of two releases serve one table: nothing fails, nothing is lost.

The earlier release is the commit `EARLIER`, with the packages of this one. After a release with new
kinds of items, set it to the commit before. Without the repository's history the tests are skipped.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from infra.stage import ROOT
from tests.authenticator import Authenticator
from tests.proof.checkers import find_violations
from tests.proof.processes.crowd import Crowd, Team
from tests.proof.processes.releases import Release, extract_release
from tests.proof.processes.runner import ApiProcess, ClientProcess, run_api_processes
from tests.support import Person, in_hours
from tests.table_items import put_items, scan_items

Report = Callable[[str, object], None]
Sample = Callable[[str], dict[str, Any]]

# The last commit before second factors, identity providers, the audit log and telemetry.
EARLIER = "bc4628ed74f92872b3f02de149c0495e3d0c9b08"
NEWER = {"from_a_newer_release": {"M": {"kept": {"BOOL": True}}}}

pytestmark = [pytest.mark.usefixtures("local_table"), pytest.mark.proof]
either_first = pytest.mark.parametrize(("first", "second"), [(0, 1), (1, 0)], ids=["old", "new"])


@pytest.fixture(scope="session")
def earlier_checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return extract_release(EARLIER, tmp_path_factory.mktemp("earlier"))


@pytest.fixture(scope="session")
def processes(services: dict[str, str], earlier_checkout: Path) -> Iterator[list[ApiProcess]]:
    with run_api_processes(services, [earlier_checkout, ROOT] * 2) as running:
        yield running


@pytest.fixture
def releases(processes: list[ApiProcess]) -> list[Release]:
    """The earlier release and this one."""
    return [Release(process) for process in processes[:2]]


@either_first
def test_a_session_of_one_release_is_one_of_the_other(
    releases: list[Release], first: int, second: int
) -> None:
    one, other = releases[first], releases[second]
    email = one.register(f"eve{first}")
    login = other.log_in(email)
    for release in (one, other):
        assert release.get("auth/profile", login["access"])["email"] == email
    for release in (one, other, one):
        login |= release.post("auth/refresh", {"refresh": login["refresh"]})
    scopes = {"name": "ci", "scopes": ["projects:read"], "expires_at": in_hours(24)}
    token = one.post("auth/tokens", scopes, login["access"])["token"]
    assert other.get("projects", token)["items"] == []
    other.call("POST", "auth/logout", {"refresh": login["refresh"]}, login["access"])
    refused = requests.get(
        f"{one.process.url}/api/auth/profile",
        headers={"Authorization": f"Bearer {login['access']}"},
        timeout=30,
    )
    assert refused.status_code == 401
    assert find_violations() == []


@either_first
def test_each_release_goes_on_with_tasks_of_the_other(
    releases: list[Release], ann: Person, bob: Person, first: int, second: int
) -> None:
    """Each call is made by the one and the other in turn; items have attributes unknown to both."""
    one, other = releases[first], releases[second]
    project = one.post("projects", {"name": "Launch"}, ann.token)["id"]
    other.call("POST", f"projects/{project}/members", {"user_id": bob.id}, ann.token)
    label = one.post(f"projects/{project}/labels", {"name": "red"}, ann.token)["id"]
    new = {"project": project, "title": "Plan", "due_date": "2037-01-01", "labels": [label]}
    new |= {"assigned_to": bob.id, "rrule": "FREQ=DAILY", "description": "*All* of it"}
    task = other.post("tasks", new, ann.token, Idempotency_Key="plan")["id"]
    again = one.post("tasks", new, ann.token, Idempotency_Key="plan")["id"]
    assert again == task
    first_task = {"project": project, "title": "First"}
    blocker = one.post("tasks", first_task, ann.token)["id"]
    _mark_items(project)

    path = f"tasks/{task}"
    for method, where, body in (
        ("PATCH", path, {"status": "in_progress"}),
        ("PATCH", path, {"priority": "high", "assigned_to": None}),
        ("POST", f"{path}/comments", {"body": "Hello"}),
        ("POST", f"{path}/relations", {"kind": "blocked_by", "task": blocker}),
        ("PATCH", f"{path}/position", {"after": blocker}),
        ("PATCH", path, {"parent": blocker}),
        ("DELETE", path, None),
        ("POST", f"{path}/restore", None),
        ("PATCH", f"projects/{project}", {"description": "New"}),
        ("DELETE", f"projects/{project}", None),
        ("POST", f"projects/{project}/restore", None),
    ):
        one, other = other, one
        one.call(method, where, body, ann.token)
        assert find_violations() == []
    assert _read_alike(releases, f"tasks/{task}", ann.token)["status"] == "in_progress"
    assert _list_unmarked(project, task) == []

    one.call("DELETE", path, None, ann.token)
    other.call("POST", f"{path}/restore", None, ann.token)
    version = other.call("GET", path, token=ann.token).headers["ETag"]
    one.call("PATCH", path, {"title": "At this version"}, ann.token, If_Match=version)
    elsewhere = other.post("projects", {"name": "Other"}, ann.token)["id"]
    moved = one.post(f"{path}/move", {"project": elsewhere}, ann.token)["task"]
    assert _read_alike(releases, f"tasks/{moved['id']}", ann.token)["title"] == "At this version"
    assert _list_unmarked(project, task) == []
    assert find_violations() == []


def _mark_items(project: str) -> None:
    """Give the items of a project and its tasks an attribute that neither release knows."""
    put_items([item | NEWER for item in scan_items() if project in item["PK"]["S"]])


def _list_unmarked(project: str, task: str) -> list[str]:
    """Return the items of the project and the task that should have the attribute and do not."""
    kinds = ("META", "TASK#", "TRASH#", "MEMBER#", "LABEL#")
    return [
        f"{item['PK']['S']} {item['SK']['S']}"
        for item in scan_items()
        if item["SK"]["S"].startswith(kinds)
        and (item["PK"]["S"] == f"PROJECT#{project}" or task[:26] in item["SK"]["S"])
        and not NEWER.items() <= item.items()
    ]


def _read_alike(releases: list[Release], path: str, token: str) -> dict[str, Any]:
    """Return what both releases show; fields that only one knows are left out."""
    old, new = (release.get(path, token) for release in releases)
    common = {name: new[name] for name in old}
    assert common == old
    return common


@either_first
def test_a_list_goes_on_in_the_other_release(
    releases: list[Release], ann: Person, first: int, second: int
) -> None:
    project = ann.create_project()
    tasks = {ann.create_task(project, f"Task {number}")["id"] for number in range(9)}
    for query in ("", "&status=todo", "&ordering=-due_date", "&assigned_to=none"):
        path, found, cursor = f"tasks?project={project}&limit=2{query}", [], ""
        for number in range(5):
            release = releases[(first, second)[number % 2]]
            page = release.get(path + cursor, ann.token)
            found += [item["id"] for item in page["items"]]
            cursor = f"&cursor={page['next_cursor']}"
        assert page["next_cursor"] is None
        assert sorted(found) == sorted(tasks)


@either_first
def test_a_job_of_one_release_is_done_by_the_other(
    releases: list[Release], ann: Person, sample_event: Sample, first: int, second: int
) -> None:
    one, other = releases[first], releases[second]
    project = ann.create_project()
    ann.create_task(project)
    job = one.post(f"projects/{project}/exports", None, ann.token)["id"]
    assert other.invoke("sweep_jobs", sample_event("sweep_jobs"))["done"] == 1
    export = f"projects/{project}/exports/{job}"
    for file in one.get(export, ann.token)["files"]:
        link = one.get(f"{export}/download?file={file['name']}", ann.token)["url"]
        assert len(requests.get(link, timeout=30).content) == file["size"]


def test_the_earlier_release_leaves_what_only_this_one_knows(
    releases: list[Release], ann: Person, sample_event: Sample
) -> None:
    """The mail about a second factor, and a job whose kind becomes known again."""
    earlier, current = releases
    current.invoke("sweep_mail", sample_event("sweep_mail"))  # the mails of registrations
    secret = current.post("auth/second-factors/totp", None, ann.token)["secret"]
    code = {"code": Authenticator(secret).code()}
    current.call("POST", "auth/second-factors/totp/confirm", code, ann.token)
    project = ann.create_project()
    job = ann.post(f"/api/projects/{project}/exports").json_body["id"]
    (stored,) = [item for item in scan_items() if item["PK"]["S"] == f"JOB#{job}"]
    put_items([stored | {"kind": {"S": "of a newer release"}}])
    before = _read_later()
    assert earlier.invoke("sweep_mail", sample_event("sweep_mail"))["unknown_kind"] == 1
    assert earlier.invoke("sweep_jobs", sample_event("sweep_jobs"))["unknown_kind"] == 1
    assert _read_later() == before

    put_items([stored])
    assert current.invoke("sweep_mail", sample_event("sweep_mail"))["sent"] == 1
    assert current.invoke("sweep_jobs", sample_event("sweep_jobs"))["done"] == 1
    assert earlier.get(f"projects/{project}/exports/{job}", ann.token)["status"] == "done"


def _read_later() -> list[Any]:
    """Return the mails that are not settled, and the jobs."""
    kinds = ("OUTBOX#", "JOB#")
    items = [item for item in scan_items() if item["PK"]["S"].startswith(kinds)]
    return sorted((item for item in items if "outcome" not in item), key=lambda i: i["PK"]["S"])


def test_a_crowd_that_calls_both_releases_loses_nothing(
    processes: list[ApiProcess],
    clients: list[ClientProcess],
    ann: Person,
    bob: Person,
    record_property: Report,
) -> None:
    crowd, team = Crowd(clients, processes), Team(ann, bob)
    _mark_items(team.project)
    requests_made = crowd.act_as(team, rounds=8)
    lost = [each for task in team.tasks for each in _list_unmarked("none", task)]
    assert lost == []
    record_property("cases", requests_made)
