"""Exports and reports, created by the deployed functions and downloaded from S3."""

import io
import json
from typing import Any

import pytest
import requests
from PIL import Image

from tests.job_results import parse_csv
from tests.live.support import ON_LOCALSTACK, ApiUser, Deployment, wait_for


def _run_job(person: ApiUser, path: str, body: Any = None) -> dict[str, bytes]:
    """Request a job, wait for its end, and return file name -> content."""
    job = f"{path}/{person.request_json('POST', path + '/', body)['id']}"

    def read_ended_job() -> Any:
        state = person.request_json("GET", f"{job}/")
        return state if state["status"] in ("done", "failed") else None

    files = {}
    for file in wait_for(read_ended_job)["files"]:
        link = person.request_json("GET", f"{job}/download/?file={file['name']}")
        download = requests.get(link["url"], timeout=60)
        assert download.status_code == 200, download.text[:200]
        assert len(download.content) == file["size"]
        files[file["name"]] = download.content
    return files


@pytest.fixture(scope="module")
def ann(deployment: Deployment) -> ApiUser:
    return deployment.new_user("ann").sign_up()


@pytest.fixture(scope="module")
def project(ann: ApiUser) -> str:
    project = str(ann.request_json("POST", "/projects/", {"name": "Launch"})["id"])
    for number in range(3):
        ann.request_json("POST", "/tasks/", {"project": project, "title": f"=T{number}"})
    return project


def test_exports_of_a_project_and_an_account_are_created(ann: ApiUser, project: str) -> None:
    files = _run_job(ann, f"/projects/{project}/exports")
    titles = {f"=T{number}" for number in range(3)}
    assert {task["title"] for task in json.loads(files["project.json"])["tasks"]} == titles
    assert {row["title"] for row in parse_csv(files["tasks.csv"])} == {f"'{t}" for t in titles}
    assert files["tasks.xlsx"].startswith(b"PK")  # a zip file

    files = _run_job(ann, "/auth/profile/exports")
    assert json.loads(files["account.json"])["profile"]["email"] == ann.email


@pytest.mark.skipif(ON_LOCALSTACK, reason="LocalStack's free edition runs functions without layers")
def test_a_report_is_created_with_its_chart(ann: ApiUser, project: str) -> None:
    files = _run_job(ann, f"/projects/{project}/reports", {})
    assert json.loads(files["report.json"])["totals"]["opened"] == 3
    Image.open(io.BytesIO(files["chart.png"])).verify()
