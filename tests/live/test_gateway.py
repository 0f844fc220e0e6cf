"""The responses that API Gateway itself sends, as the template defines them.

The tests create another API, because the deployed one cannot be made to fail in all these ways.
"""

from collections.abc import Iterator
from typing import Any

import pytest
import requests

from infra.stage import LOCAL, load_stage
from localstack import gateway
from localstack.gateway import API_STAGE
from localstack.stack import use_endpoint
from tests.live.support import ON_LOCALSTACK, Deployment

MISSING = "arn:aws:lambda:us-east-1:000000000000:function:missing"

pytestmark = pytest.mark.skipif(ON_LOCALSTACK, reason="LocalStack's gateway has no throttling")


@pytest.fixture(scope="module")
def failing_api(deployment: Deployment, aws_client: Any) -> Iterator[str]:
    """The address of an API that calls a missing function (GET) or allows no requests (PUT)."""
    apis, endpoint = aws_client("apigateway"), deployment.outputs["aws_endpoint"]
    api = apis.create_rest_api(name="failing")["id"]
    (root,) = apis.get_resources(restApiId=api)["items"]
    for method in ("GET", "PUT"):
        place = {"restApiId": api, "resourceId": root["id"], "httpMethod": method}
        apis.put_method(**place, authorizationType="NONE")
        uri = f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{MISSING}/invocations"
        apis.put_integration(**place, type="AWS_PROXY", integrationHttpMethod="POST", uri=uri)
    with use_endpoint(endpoint):
        gateway.install_gateway_responses(load_stage(LOCAL), api)
    limits = ("rateLimit", "burstLimit")
    zero_limits = [
        {"op": "replace", "path": f"/~1/PUT/throttling/{name}", "value": "0"} for name in limits
    ]
    apis.update_stage(restApiId=api, stageName=API_STAGE, patchOperations=zero_limits)
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
def test_a_gateway_error_is_a_problem_document(
    failing_api: str, method: str, path: str, status: int, code: str, detail: str
) -> None:
    answer = requests.request(method, failing_api + path, timeout=10)
    assert answer.status_code == status
    problem = answer.json()
    assert (problem["status"], problem["code"], problem["detail"]) == (status, code, detail)
    assert problem["request_id"] == answer.headers["X-Request-Id"]
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_a_gateway_error_has_the_rate_limit_policy_of_the_gateway(failing_api: str) -> None:
    for method in ("GET", "PUT", "PATCH"):
        answer = requests.request(method, failing_api, timeout=10)
        assert answer.headers["RateLimit-Policy"] == '"gateway";q=200;w=1'


def test_a_throttled_request_gets_a_retry_after_header(failing_api: str) -> None:
    answer = requests.put(failing_api, timeout=10)
    assert answer.headers["RateLimit"] == '"gateway";r=0;t=1'
    assert answer.headers["Retry-After"] == "1"
