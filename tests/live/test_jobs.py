"""Exports and reports, made by the deployed functions and fetched from the storage itself."""

import io
import json
from typing import Any

import pytest
import requests
from PIL import Image

from tests.job_results import parse_csv
from tests.live.support import ON_LOCALSTACK, ApiUser, Deployment, wait_for


def _done(person: ApiUser, place: str, body: Any = None) -> dict[str, bytes]:
    """Ask, wait for the end, and fetch every file."""
    job = f"{place}/{person.request_json('POST', place + '/', body)['id']}"

    def ended() -> Any:
        found = person.request_json("GET", f"{job}/")
        return found if found["status"] in ("done", "failed") else None

    files = {}
    for file in wait_for(ended)["files"]:
        link = person.request_json("GET", f"{job}/download/?file={file['name']}")
        found = requests.get(link["url"], timeout=60)
        assert found.status_code == 200 and len(found.content) == file["size"], found.text[:200]
        files[file["name"]] = found.content
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


def test_exports_come_out_of_the_deployed_system(ann: ApiUser, project: str) -> None:
    files = _done(ann, f"/projects/{project}/exports")
    titles = {f"=T{number}" for number in range(3)}
    assert {task["title"] for task in json.loads(files["project.json"])["tasks"]} == titles
    assert {line["title"] for line in parse_csv(files["tasks.csv"])} == {f"'{t}" for t in titles}

    files = _done(ann, "/auth/profile/exports")
    assert json.loads(files["account.json"])["profile"]["email"] == ann.email


@pytest.mark.skipif(ON_LOCALSTACK, reason="LocalStack's free edition runs functions without layers")
def test_a_report_comes_out_with_its_chart(ann: ApiUser, project: str) -> None:
    files = _done(ann, f"/projects/{project}/reports", {})
    assert json.loads(files["report.json"])["totals"]["opened"] == 3
    Image.open(io.BytesIO(files["chart.png"])).verify()
