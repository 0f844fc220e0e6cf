"""API Gateway's own answers, where something stands in for it: the template says them, but
ministack takes them from no definition, and `chalice local` knows only those that AWS begins with.

    python -m localstack.gateway local --port 8000    # `chalice`, with such answers
"""

import re
from typing import Any
from uuid import uuid4

import boto3
from chalice import cli, local

from infra.stage import LOCAL, Stage, load
from infra.template import read

STAGE = "v1"  # the `api_gateway_stage` of .chalice/config.json
_NO_SUCH_PATH = "MISSING_AUTHENTICATION_TOKEN"
_PARAMETER = re.compile(r"\$\{(\w+)\}")
Response = dict[str, Any]


def install(stage: Stage, api: str) -> None:
    """Let the API with the id `api` answer so, on its stage `STAGE`."""
    gateway = boto3.client("apigateway")
    for kind, response in _responses(stage).items():
        headers = response["ResponseParameters"]["Headers"].items()
        gateway.put_gateway_response(
            restApiId=api,
            responseType=kind,
            statusCode=str(response["StatusCode"]),
            responseParameters={f"gatewayresponse.header.{name}": said for name, said in headers},
            responseTemplates=response["ResponseTemplates"],
        )
    gateway.create_deployment(restApiId=api, stageName=STAGE)


def _responses(stage: Stage) -> dict[str, Response]:
    """What the packaged template says, by the gateway's name for the cause."""
    template = read(stage.template)
    defaults = {name: str(its.get("Default")) for name, its in template["Parameters"].items()}
    parameters = defaults | stage.parameters
    said: dict[str, Response] = template["Resources"]["RestAPI"]["Properties"]["GatewayResponses"]
    for response in said.values():
        headers = response["ResponseParameters"]["Headers"]
        headers |= {name: _filled(value, parameters) for name, value in headers.items()}
    return said


def _filled(value: str | dict[str, str], parameters: dict[str, str]) -> str:
    text = value if isinstance(value, str) else value["Fn::Sub"]
    return _PARAMETER.sub(lambda found: parameters[found[1]], text)


def _rendered(response: Response) -> Response:
    """The answer itself, as a function would give it."""
    request_id = str(uuid4())
    headers = {
        name: request_id if said == "context.requestId" else said.strip("'")
        for name, said in response["ResponseParameters"]["Headers"].items()
    }
    body = response["ResponseTemplates"]["application/json"]
    return {
        "statusCode": response["StatusCode"],
        "headers": headers,
        "multiValueHeaders": {},
        "body": body.replace("$context.requestId", request_id),
    }


def main() -> None:
    unknown = _responses(load(LOCAL))[_NO_SUCH_PATH]
    ask = local.LocalGateway.handle_request

    def handle(*arguments: Any, **request: Any) -> Response:
        try:
            answer: Response = ask(*arguments, **request)
        except local.ForbiddenError:
            return _rendered(unknown)
        return answer

    local.LocalGateway.handle_request = handle  # type: ignore[method-assign]
    # Head and body are two packets: the second waited 40 ms for the client to confirm the first.
    local.ChaliceRequestHandler.disable_nagle_algorithm = True
    cli.main()


if __name__ == "__main__":
    main()
