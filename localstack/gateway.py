"""API Gateway's own error responses (the template's `GatewayResponses`) on the local cloud.

ministack does not read them from the API definition, and `chalice local` has AWS's defaults only.

    python -m localstack.gateway local --port 8000    # runs `chalice local` with these responses
"""

import re
from typing import Any
from uuid import uuid4

import boto3
from chalice import cli, local

from infra.stage import LOCAL, Stage, load_stage
from infra.template import read_template

API_STAGE = "v1"  # the `api_gateway_stage` of .chalice/config.json
_UNKNOWN_PATH = "MISSING_AUTHENTICATION_TOKEN"
_PARAMETER = re.compile(r"\$\{(\w+)\}")
Response = dict[str, Any]


def install_gateway_responses(stage: Stage, api: str) -> None:
    """Set the gateway responses of the API with the id `api`, and deploy it again."""
    gateway = boto3.client("apigateway")
    for kind, response in _read_gateway_responses(stage).items():
        headers = response["ResponseParameters"]["Headers"].items()
        gateway.put_gateway_response(
            restApiId=api,
            responseType=kind,
            statusCode=str(response["StatusCode"]),
            responseParameters={f"gatewayresponse.header.{name}": text for name, text in headers},
            responseTemplates=response["ResponseTemplates"],
        )
    gateway.create_deployment(restApiId=api, stageName=API_STAGE)


def _read_gateway_responses(stage: Stage) -> dict[str, Response]:
    """Return the packaged template's gateway responses by type, with stack parameters filled in."""
    template = read_template(stage.template)
    defaults = {name: str(each.get("Default")) for name, each in template["Parameters"].items()}
    parameters = defaults | stage.parameters
    rest_api = template["Resources"]["RestAPI"]["Properties"]
    responses: dict[str, Response] = rest_api["GatewayResponses"]
    for response in responses.values():
        headers = response["ResponseParameters"]["Headers"]
        headers |= {name: _fill_in(value, parameters) for name, value in headers.items()}
    return responses


def _fill_in(value: str | dict[str, str], parameters: dict[str, str]) -> str:
    text = value if isinstance(value, str) else value["Fn::Sub"]
    return _PARAMETER.sub(lambda found: parameters[found[1]], text)


def _render(response: Response) -> Response:
    """Return the gateway response in the format of a Lambda proxy response."""
    request_id = str(uuid4())
    headers = {
        name: request_id if text == "context.requestId" else text.strip("'")
        for name, text in response["ResponseParameters"]["Headers"].items()
    }
    body = response["ResponseTemplates"]["application/json"]
    return {
        "statusCode": response["StatusCode"],
        "headers": headers,
        "multiValueHeaders": {},
        "body": body.replace("$context.requestId", request_id),
    }


def main() -> None:
    unknown_path = _read_gateway_responses(load_stage(LOCAL))[_UNKNOWN_PATH]
    original_handle_request = local.LocalGateway.handle_request

    def handle_request(*arguments: Any, **request: Any) -> Response:
        try:
            response: Response = original_handle_request(*arguments, **request)
        except local.ForbiddenError:
            return _render(unknown_path)
        return response

    local.LocalGateway.handle_request = handle_request  # type: ignore[method-assign]
    # Headers and body are two packets; with Nagle's algorithm the second one waits 40 ms.
    local.ChaliceRequestHandler.disable_nagle_algorithm = True
    cli.main()


if __name__ == "__main__":
    main()
