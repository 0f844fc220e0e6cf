"""A local provider, and people who sign in there."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from chalice.test import Client, HTTPResponse

from chalicelib import settings
from chalicelib.aws import secrets
from chalicelib.identity_providers import provider_documents
from tests.oidc_provider import log_in_at_provider, run_provider
from tests.provider_edge import ProviderEdge, run_provider_edge
from tests.support import PASSWORD, Api, Person

REDIRECT_URI = "https://app.example.com/sign-in/local"


@dataclass
class Browser:
    """A browser with the web client: it keeps the cookie of its last start."""

    api: Api
    cookie: str = ""

    def start(self, provider: str = "local", *, person: Person | None = None) -> str:
        """Begin a sign-in, or with `person` to link an identity; return the provider's address."""
        if person is None:
            answer = self.api.post("/api/auth/sign-in/start", {"provider": provider})
        else:
            body = {"provider": provider, "password": PASSWORD}
            answer = person.post("/api/auth/identities/start", body)
        assert answer.status_code == 200, answer.json_body
        self.cookie = answer.headers["Set-Cookie"].partition(";")[0]
        return str(answer.json_body["authorization_url"])

    def finish(
        self, parameters: dict[str, str], *, person: Person | None = None, provider: str = "local"
    ) -> HTTPResponse:
        """Send the parameters of the provider's redirect, and return the response."""
        path = "/api/auth/identities" if person else "/api/auth/sign-in"
        body = {"provider": provider, **parameters}
        return (person or self.api).post(path, body, headers={"Cookie": self.cookie})

    def sign_in(self, login: str) -> HTTPResponse:
        """Sign in at the provider as `login`, and return the response of the last step."""
        return self.finish(log_in_at_provider(self.start(), login))

    def link(self, person: Person, login: str) -> HTTPResponse:
        """Link the identity `login` to the account of `person`."""
        return self.finish(log_in_at_provider(self.start(person=person), login), person=person)


@pytest.fixture(scope="session")
def running_edge() -> Iterator[ProviderEdge]:
    """A provider that runs for all tests, behind a server that can change its answers."""
    with run_provider_edge() as edge, run_provider(REDIRECT_URI, edge.issuer) as address:
        edge.reset(address)
        yield edge


@pytest.fixture
def edge(running_edge: ProviderEdge) -> Iterator[ProviderEdge]:
    """The server in front of the provider; each test begins without changes."""
    target = running_edge.target
    running_edge.reset(target)
    yield running_edge
    running_edge.reset(target)


@pytest.fixture
def configure(client: Client) -> Iterator[Callable[..., None]]:
    """Configure the only provider of the stage: `configure(issuer, client_id="other")`."""
    usual = settings.IDENTITY_PROVIDERS, settings.WEBHOOK_LOOPBACK

    def set_provider(issuer: str, **options: Any) -> None:
        provider = {"id": "local", "name": "Local", "issuer": issuer, "client_id": "tasks"}
        settings.IDENTITY_PROVIDERS = json.dumps([provider | options])
        settings.WEBHOOK_LOOPBACK = True
        provider_documents.forget_documents()
        secrets.client_secrets.forget()

    yield set_provider
    settings.IDENTITY_PROVIDERS, settings.WEBHOOK_LOOPBACK = usual


@pytest.fixture
def browser(configure: Callable[..., None], edge: ProviderEdge, anonymous: Api) -> Browser:
    """A browser, while the stage has the local provider."""
    configure(edge.issuer)
    return Browser(anonymous)
