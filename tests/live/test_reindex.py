"""`make reindex` on a local cloud."""

from typing import Any

import pytest

from infra.operations.reindex import start_reindex
from infra.stage import LOCAL, load_stage
from localstack.stack import use_endpoint
from tests.live.support import ON_LOCALSTACK, Deployment, wait_for

pytestmark = pytest.mark.skipif(ON_LOCALSTACK, reason="its stage is not the local one")


def _delete_index(deployment: Deployment, task: str) -> None:
    """Delete the task's search terms and filter entries, as if they were never written."""
    client, table = deployment.client("dynamodb"), deployment.outputs["table"]
    for page in client.get_paginator("scan").paginate(TableName=table):
        for item in page["Items"]:
            kind, _, rest = item["SK"]["S"].partition("#")
            if kind in ("BY", "WORD") and rest.endswith(task):
                key = {name: item[name] for name in ("PK", "SK")}
                client.delete_item(TableName=table, Key=key)


def test_reindex_makes_tasks_found_again(deployment: Deployment) -> None:
    ann = deployment.new_user("ann").sign_up()
    project = ann.request_json("POST", "/projects/", {"name": "Launch"})["id"]
    new_task = {"project": project, "title": "Zeppelin", "assigned_to": ann.id}
    task = ann.request_json("POST", "/tasks/", new_task)["id"]

    def found(query: str) -> Any:
        items = ann.request_json("GET", f"/tasks/?{query}")["items"]
        return [item["id"] for item in items] == [task]

    wait_for(lambda: found("q=zeppelin"))
    _delete_index(deployment, task)
    assert not found("q=zeppelin")
    assert not found("assigned_to=me")
    with use_endpoint(deployment.outputs["aws_endpoint"]):
        start_reindex(load_stage(LOCAL))
    wait_for(lambda: found("q=zeppelin"))
    assert found("assigned_to=me")
