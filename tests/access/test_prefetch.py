"""Reads that are sent together with the access check, as callers notice them."""

import json
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse

from tests.costs.meter import metered
from tests.dynamodb_local import faulty_connection
from tests.faults import build_response
from tests.support import Person

pytestmark = pytest.mark.usefixtures("local_table")


class _Request:
    url = "https://dynamodb.eu-central-1.amazonaws.com/"


def _fail_queries(operation: str, _: int) -> AWSResponse | None:
    if operation != "Query":
        return None
    error = {"__type": "com.amazonaws.dynamodb.v20120810#InternalServerError"}
    return build_response(_Request, json.dumps(error).encode(), 500)


@pytest.mark.parametrize("path", ["/api/tasks?project={}", "/api/projects/{}/labels"])
def test_an_outage_of_a_read_in_advance_concerns_only_callers_with_access(
    ann: Person, bob: Person, path: str
) -> None:
    project = ann.create_project()
    with faulty_connection(_fail_queries):
        assert ann.get(path.format(project)).status_code == 503
        assert bob.get(path.format(project)).status_code == 404
    assert ann.get(path.format(project)).status_code == 200


def test_what_was_guessed_wrong_is_not_shown(ann: Person, bob: Person) -> None:
    project = ann.create_project()
    ann.add_member(project, bob)
    path = f"/api/projects/{project}"

    def read() -> tuple[set[Any], int]:
        with metered() as meter:
            details = ann.get(path).json_body
        return {member["user_id"] for member in details["members"]}, meter.trips

    assert read() == ({ann.id, bob.id}, 2)
    assert read() == ({ann.id, bob.id}, 1)
    assert ann.delete(f"{path}/members/{bob.id}").status_code == 204
    assert read() == ({ann.id}, 1)
    ann.add_member(project, bob)
    assert read() == ({ann.id, bob.id}, 2)


def test_a_list_of_a_project_that_was_left_is_not_found(ann: Person, bob: Person) -> None:
    project = ann.create_project()
    ann.add_member(project, bob)
    ann.create_task(project)
    path = f"/api/tasks?project={project}"
    assert len(bob.get(path).json_body["items"]) == 1
    ann.delete(f"/api/projects/{project}/members/{bob.id}")
    assert bob.get(path).status_code == 404
