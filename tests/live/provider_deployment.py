"""The deployed stack behind an API server whose stage has an OpenID provider."""

import json
from collections.abc import Iterator
from contextlib import contextmanager

from localstack.cloud import find_free_port
from localstack.server import run_api_server
from tests.live.support import PASSWORD, ApiUser, Deployment
from tests.oidc_provider import CLIENT_SECRET, log_in_at_provider, run_provider

PROVIDER = {"id": "local", "name": "Example", "client_id": "tasks"}


@contextmanager
def run_with_provider(deployment: Deployment) -> Iterator[Deployment]:
    """Run the provider and the API server for the block; yield the deployment with its address."""
    port = find_free_port()
    address = f"http://localhost:{port}"
    secret = f"client-secrets-{port}"
    deployment.client("secretsmanager").create_secret(
        Name=secret, SecretString=json.dumps({"local": CLIENT_SECRET})
    )
    with run_provider(f"{address}/sign-in/local") as issuer:
        settings = {
            "APP_URL": address,
            "IDENTITY_PROVIDERS": json.dumps([PROVIDER | {"issuer": issuer}]),
            "CLIENT_SECRETS_ID": secret,
        }
        with run_api_server(deployment.outputs, port=port, settings=settings) as url:
            yield Deployment({**deployment.outputs, "gateway_api_url": url})


def link_identity(deployment: Deployment, person: ApiUser) -> str:
    """Link the identity with the person's address to their account; return its id."""
    person.api_url = deployment.outputs["gateway_api_url"]
    body = {"provider": "local", "password": PASSWORD}
    start = person.call("POST", "/auth/identities/start/", body)
    answer = log_in_at_provider(start.json()["authorization_url"], person.email)
    person.http.headers["Cookie"] = start.headers["Set-Cookie"].partition(";")[0]
    body = {"provider": "local", **answer}
    return str(person.request_json("POST", "/auth/identities/", body)["id"])
