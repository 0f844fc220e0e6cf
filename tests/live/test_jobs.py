"""Exports and reports, made by the deployed functions and fetched from the storage itself."""

import io
import json
from typing import Any

import pytest
import requests
from PIL import Image

from tests.job_results import sheet
from tests.live.support import ON_LOCALSTACK, Deployed, Visitor, eventually


def _done(person: Visitor, place: str, body: Any = None) -> dict[str, bytes]:
    """Ask, wait for the end, and fetch every file."""
    job = f"{place}/{person.must('POST', place + '/', body)['id']}"

    def ended() -> Any:
        found = person.must("GET", f"{job}/")
        return found if found["status"] in ("done", "failed") else None

    files = {}
    for file in eventually(ended)["files"]:
        link = person.must("GET", f"{job}/download/?file={file['name']}")
        found = requests.get(link["url"], timeout=60)
        assert found.status_code == 200 and len(found.content) == file["size"], found.text[:200]
        files[file["name"]] = found.content
    return files


@pytest.fixture(scope="module")
def ann(deployed: Deployed) -> Visitor:
    return deployed.visitor("ann").signs_up()


@pytest.fixture(scope="module")
def project(ann: Visitor) -> str:
    project = str(ann.must("POST", "/projects/", {"name": "Launch"})["id"])
    for number in range(3):
        ann.must("POST", "/tasks/", {"project": project, "title": f"=T{number}"})
    return project


def test_exports_come_out_of_the_deployed_system(ann: Visitor, project: str) -> None:
    files = _done(ann, f"/projects/{project}/exports")
    titles = {f"=T{number}" for number in range(3)}
    assert {task["title"] for task in json.loads(files["project.json"])["tasks"]} == titles
    assert {line["title"] for line in sheet(files["tasks.csv"])} == {f"'{t}" for t in titles}

    files = _done(ann, "/auth/profile/exports")
    assert json.loads(files["account.json"])["profile"]["email"] == ann.email


@pytest.mark.skipif(ON_LOCALSTACK, reason="LocalStack's free edition runs functions without layers")
def test_a_report_comes_out_with_its_chart(ann: Visitor, project: str) -> None:
    files = _done(ann, f"/projects/{project}/reports", {})
    assert json.loads(files["report.json"])["totals"]["opened"] == 3
    Image.open(io.BytesIO(files["chart.png"])).verify()
