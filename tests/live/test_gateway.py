"""What the gateway answers by itself, as the template has it: an API of its own, because nothing of
ours makes it fail in so many ways."""

from collections.abc import Iterator
from typing import Any

import pytest
import requests

from infra.stage import LOCAL, load_stage
from localstack import gateway
from localstack.gateway import API_STAGE
from localstack.stack import use_endpoint
from tests.live.support import ON_LOCALSTACK, Deployment

NOBODY = "arn:aws:lambda:us-east-1:000000000000:function:nobody"

pytestmark = pytest.mark.skipif(ON_LOCALSTACK, reason="LocalStack's gateway limits nobody")


@pytest.fixture(scope="module")
def failing(deployment: Deployment, aws_client: Any) -> Iterator[str]:
    """The address of an API that calls a function which is not there, or lets nobody through."""
    apis, endpoint = aws_client("apigateway"), deployment.outputs["aws_endpoint"]
    api = apis.create_rest_api(name="failing")["id"]
    (root,) = apis.get_resources(restApiId=api)["items"]
    for method in ("GET", "PUT"):
        place = {"restApiId": api, "resourceId": root["id"], "httpMethod": method}
        apis.put_method(**place, authorizationType="NONE")
        uri = f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{NOBODY}/invocations"
        apis.put_integration(**place, type="AWS_PROXY", integrationHttpMethod="POST", uri=uri)
    with use_endpoint(endpoint):
        gateway.install_gateway_responses(load_stage(LOCAL), api)
    limits = ("rateLimit", "burstLimit")
    none = [
        {"op": "replace", "path": f"/~1/PUT/throttling/{name}", "value": "0"} for name in limits
    ]
    apis.update_stage(restApiId=api, stageName=API_STAGE, patchOperations=none)
    yield f"{endpoint}/_aws/execute-api/{api}/{API_STAGE}/"
    apis.delete_rest_api(restApiId=api)


@pytest.mark.parametrize(
    ("method", "path", "status", "code", "detail"),
    [
        ("GET", "nowhere", 404, "not_found", "There is nothing at this address."),
        ("PUT", "", 429, "too_many_requests", "Too many requests at once; try again in a moment."),
        ("GET", "", 500, "internal_server_error", "Something went wrong on our side."),
    ],
)
def test_it_is_a_problem_document(
    failing: str, method: str, path: str, status: int, code: str, detail: str
) -> None:
    answer = requests.request(method, failing + path, timeout=10)
    assert answer.status_code == status
    problem = answer.json()
    assert (problem["status"], problem["code"], problem["detail"]) == (status, code, detail)
    assert problem["request_id"] == answer.headers["X-Request-Id"]
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_it_tells_the_limit_of_all_together(failing: str) -> None:
    for method in ("GET", "PUT", "PATCH"):
        answer = requests.request(method, failing, timeout=10)
        assert answer.headers["RateLimit-Policy"] == '"gateway";q=200;w=1'


def test_beyond_that_limit_it_says_when_to_try_again(failing: str) -> None:
    answer = requests.put(failing, timeout=10)
    assert answer.headers["RateLimit"] == '"gateway";r=0;t=1'
    assert answer.headers["Retry-After"] == "1"
