"""The clients for Python and TypeScript: their examples, and programs with the generated code."""

import re
import zipfile
from pathlib import Path
from uuid import uuid4

import pytest

from infra.clients import DIST, check_clients, package_clients, read_version
from tests.live.client_programs import Run, build_environment, run_node, run_python
from tests.live.failing_gateway import Fault, run_failing_gateway
from tests.live.scripted_api import Answer, run_scripted_api
from tests.live.support import ApiUser, Deployment

# The main jobs of both languages print these lines.
PRINTED = [
    "created todo medium 2026-12-01",
    "uploaded ready",
    "changed in_progress 2",
    "refused 412 precondition_failed",
    "listed Step 1, Step 2, Step 3, Step 4, Step 5 on 3 pages",
    "invalid invalid description, title",
    "logged out 204",
    "refused 401 unauthenticated",
]
EXAMPLE = [
    "created LAUN-1 Write the plan",
    "created LAUN-2 Book a room",
    "created LAUN-3 Send the invitations",
    "uploaded notes.txt ready",
    "open LAUN-1 Write the plan",
    "open LAUN-2 Book a room",
    "open LAUN-3 Send the invitations",
    "refused invalid title",
]

pytestmark = pytest.mark.proof


@pytest.fixture
def ann(deployment: Deployment) -> ApiUser:
    return deployment.new_user("ann").sign_up()


@pytest.fixture
def api(deployment: Deployment) -> str:
    """The address of the API without `/api`."""
    return str(deployment.outputs["gateway_api_url"]).removesuffix("/api")


def _run_example(language: str, **variables: str) -> Run:
    if language == "python":
        return run_python("python/examples/quickstart.py", **variables)
    return run_node("examples/quickstart.js", **variables)


def test_the_clients_and_their_examples_have_correct_types() -> None:
    check_clients()


def test_the_generated_python_code_does_the_main_job(api: str) -> None:
    done = run_python("python/tests/main_job.py", api, f"ann{uuid4().hex[:12]}")
    assert (done.lines, done.errors) == (PRINTED, "")


def test_the_generated_typescript_types_do_the_main_job(api: str) -> None:
    done = run_node("tests/main_job.js", api, f"ann{uuid4().hex[:12]}")
    assert (done.lines, done.errors) == (PRINTED, "")


@pytest.mark.parametrize("language", ["python", "typescript"])
def test_the_example_prints_what_the_readme_shows(language: str, ann: ApiUser, api: str) -> None:
    done = _run_example(language, **build_environment(ann, api))
    assert (list(_without_progress(done)), done.errors) == (EXAMPLE, "")


@pytest.mark.parametrize("language", ["python", "typescript"])
def test_a_client_creates_nothing_twice_and_renews_its_session(
    language: str, ann: ApiUser, api: str
) -> None:
    """The answers to two creates are lost or refused, and the access token expires once."""
    wait: Fault = (429, {"Retry-After": "1"})
    faults: dict[str, list[Fault]] = {
        "POST /api/projects": [(401, {})],
        "POST /api/tasks": [None, (503, {"Retry-After": "1"})],
        "GET /api/tasks": [wait, wait],
    }
    with run_failing_gateway(api, faults) as gateway:
        done = _run_example(language, **build_environment(ann, gateway.url))
    assert (list(_without_progress(done)), done.errors) == (EXAMPLE, "")
    assert not any(faults.values())
    assert "POST /api/auth/refresh" in gateway.requests
    assert len(ann.request_json("GET", "/tasks/")["items"]) == 3
    assert len(ann.request_json("GET", "/projects/")["items"]) == 1


@pytest.mark.parametrize("language", ["python", "typescript"])
def test_a_long_wait_is_left_to_the_caller(language: str, ann: ApiUser, api: str) -> None:
    busy: list[Fault] = [(429, {"Retry-After": "900"})]
    with run_failing_gateway(api, {"POST /api/auth/login": busy}) as gateway:
        done = _run_example(language, **build_environment(ann, gateway.url))
    assert done.code == 1
    assert re.search(r"ApiError: 429", done.errors)
    assert gateway.requests == ["POST /api/auth/login"]


@pytest.mark.parametrize("language", ["python", "typescript"])
def test_a_large_file_is_uploaded_in_parts(
    language: str, ann: ApiUser, api: str, tmp_path: Path
) -> None:
    project = ann.request_json("POST", "/projects/", {"name": "x"})["id"]
    task = ann.request_json("POST", "/tasks/", {"project": project, "title": "x"})["id"]
    file = tmp_path / "film.mp4"
    with file.open("wb") as content:
        content.truncate(101 * 1024 * 1024)
    variables = build_environment(ann, api)
    if language == "python":
        done = run_python("python/tests/upload_job.py", task, str(file), **variables)
    else:
        done = run_node("tests/upload_job.js", task, str(file), **variables)
    assert (done.lines, done.errors) == (["8388608 of 105906176", "film.mp4 ready"], "")


def test_the_packages_have_the_version_of_the_document() -> None:
    package_clients()
    version = read_version()
    assert sorted(path.name for path in DIST.glob("*/*")) == [
        f"task-manager-client-{version}.tgz",
        f"task_manager_cli-{version}-py3-none-any.whl",
        f"task_manager_cli-{version}.tar.gz",
        f"task_manager_client-{version}-py3-none-any.whl",
        f"task_manager_client-{version}.tar.gz",
    ]
    wheel = DIST / "python" / f"task_manager_cli-{version}-py3-none-any.whl"
    with zipfile.ZipFile(wheel) as archive:
        metadata = archive.read(f"task_manager_cli-{version}.dist-info/METADATA").decode()
    assert f"Requires-Dist: task-manager-client=={version}\n" in metadata


def _without_progress(done: Run) -> list[str]:
    return [line for line in done.lines if not line.startswith("sent ")]


def test_a_failure_of_a_proxy_is_its_status() -> None:
    """Its body can be a page, nothing, or JSON of any shape."""
    bodies = [b"", b"<html>", [1], None, "text", {"errors": "x"}, {"errors": [None]}]
    answers = [Answer(502, body) for body in bodies]
    with run_scripted_api({"GET /api/projects": answers}) as api:
        done = run_node("tests/failure_job.js", api.url, str(len(bodies)))
    assert (done.lines, done.errors) == (["502 Bad Gateway"] * len(bodies), "")
