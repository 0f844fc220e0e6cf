"""API Gateway's own error responses (the template's `GatewayResponses`) on the local cloud.

ministack does not read them from the API definition, and `chalice local` has AWS's defaults only.

    python -m localstack.gateway local --port 8000    # runs `chalice local` with these responses
"""

import logging
import os
import re
from functools import partial
from typing import Any

import boto3
from chalice import cli, local

from infra.stage import LOCAL, Stage, load_stage
from infra.template import read_template
from infra.web_client import BUILD
from localstack.request_handler import RequestHandler
from localstack.static_files import StaticFiles, read_client_headers

API_STAGE = "v1"  # the `api_gateway_stage` of .chalice/config.json
_PARAMETER = re.compile(r"\$\{(\w+)\}")
Response = dict[str, Any]


def install_gateway_responses(stage: Stage, api: str) -> None:
    """Set the gateway responses of the API with the id `api`, and deploy it again."""
    gateway = boto3.client("apigateway")
    for kind, response in read_gateway_responses(stage).items():
        headers = response["ResponseParameters"]["Headers"].items()
        gateway.put_gateway_response(
            restApiId=api,
            responseType=kind,
            statusCode=str(response["StatusCode"]),
            responseParameters={f"gatewayresponse.header.{name}": text for name, text in headers},
            responseTemplates=response["ResponseTemplates"],
        )
    gateway.create_deployment(restApiId=api, stageName=API_STAGE)


def read_gateway_responses(stage: Stage) -> dict[str, Response]:
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


def main() -> None:
    """Run `chalice local` with a request handler that has the gateway responses and the client."""
    logging.getLogger("pynamodb").setLevel(logging.WARNING)  # chalice shows its notes on settings
    # The web client may be built after this server has started.
    stage = load_stage(LOCAL)
    cloud = os.environ["AWS_ENDPOINT_URL"]
    live = cloud.replace("http", "ws", 1)
    security = read_client_headers(read_template(stage.template), cloud, live)
    client = StaticFiles(BUILD, security)
    responses = read_gateway_responses(stage)
    handler = partial(RequestHandler, responses, client=client)
    server = partial(local.LocalDevServer, handler_cls=handler)
    local.LocalDevServer = server  # type: ignore[assignment,misc]
    cli.main()


if __name__ == "__main__":
    main()
