"""Answers that belong to another authorization, and tokens of other tenants."""

from collections.abc import Callable
from typing import Any

import pytest
from chalice.test import HTTPResponse

from tests.identity_providers.conftest import REDIRECT_URI, Browser
from tests.identity_providers.forged_tokens import CLEO, KEY, Claims, forge, is_refused
from tests.oidc_provider import log_in_at_provider, run_provider
from tests.provider_edge import ProviderEdge

TENANT = "9188040d-6c67-4c5b-b112-36a304b66dad"


def test_a_state_is_used_once(browser: Browser) -> None:
    parameters = log_in_at_provider(browser.start(), CLEO)
    assert [browser.finish(parameters).status_code for _ in "12"] == [200, 422]


def test_an_answer_counts_only_in_the_browser_that_asked(browser: Browser) -> None:
    """Otherwise an attacker could log somebody in to the attacker's account."""
    parameters = log_in_at_provider(browser.start(), CLEO)
    victim = Browser(browser.api)
    assert is_refused(victim.finish(parameters))
    log_in_at_provider(victim.start(), "victim@example.com")
    assert is_refused(victim.finish(parameters))
    assert browser.finish(parameters).status_code == 200


def test_an_answer_after_ten_minutes_is_refused(
    browser: Browser, wait: Callable[..., None]
) -> None:
    parameters = log_in_at_provider(browser.start(), CLEO)
    wait(minutes=10, seconds=1)
    assert is_refused(browser.finish(parameters))


def test_the_code_of_another_authorization_is_refused(browser: Browser) -> None:
    """The provider compares the code verifier (PKCE)."""
    stolen = log_in_at_provider(browser.start(), CLEO)["code"]
    own = log_in_at_provider(browser.start(), "mallory@example.com")
    assert is_refused(browser.finish(own | {"code": stolen}))


def test_a_token_with_the_nonce_of_another_authorization_is_refused(browser: Browser) -> None:
    url, _, nonce = browser.start().partition("nonce=")
    rest = nonce.partition("&")[2]
    assert is_refused(browser.finish(log_in_at_provider(f"{url}nonce=other&{rest}", CLEO)))


@pytest.mark.parametrize("change", [{"iss": "https://evil.example"}, {"iss": None}])
def test_an_answer_that_names_another_issuer_is_refused(
    browser: Browser, change: dict[str, str]
) -> None:
    parameters = log_in_at_provider(browser.start(), CLEO)
    assert is_refused(browser.finish(parameters | change))


@pytest.mark.parametrize("change", [{"state": "x"}, {"state": ""}, {"code": "x"}])
def test_an_invented_answer_is_refused(browser: Browser, change: dict[str, str]) -> None:
    parameters = log_in_at_provider(browser.start(), CLEO)
    assert is_refused(browser.finish(parameters | change))


def test_a_token_that_is_signed_with_the_client_secret_is_refused(
    browser: Browser, edge: ProviderEdge, configure: Callable[..., None]
) -> None:
    configure(edge.issuer, client_id="symmetric")
    assert is_refused(browser.sign_in(CLEO))


def test_user_info_about_another_subject_is_refused(browser: Browser, edge: ProviderEdge) -> None:
    edge.changes["/me"] = lambda claims: claims.update(sub="admin@example.com")
    assert is_refused(browser.sign_in(CLEO))


def test_the_provider_can_change_its_keys(
    browser: Browser, edge: ProviderEdge, wait: Callable[..., None]
) -> None:
    assert browser.sign_in(CLEO).status_code == 200
    with run_provider(REDIRECT_URI, edge.issuer) as edge.target:
        wait(seconds=11)
        assert browser.sign_in(CLEO).status_code == 200
    assert edge.requests.count("/jwks") == 2


def use_microsoft(edge: ProviderEdge, configure: Callable[..., None], **claims: Any) -> None:
    """Make the provider one with tenants: its issuer is a template, as Microsoft's."""
    template = f"{edge.issuer}/{{tenantid}}/v2.0"
    own = {"iss": f"{edge.issuer}/{TENANT}/v2.0", "tid": TENANT, "email": CLEO, "xms_edov": True}
    forge(edge, lambda token: token.update(own | claims))
    metadata = {"issuer": template, "authorization_response_iss_parameter_supported": False}
    discovery = "/.well-known/openid-configuration"
    edge.aliases[f"/common/v2.0{discovery}"] = discovery
    edge.changes[discovery] = lambda document: document.update(metadata)
    configure(f"{edge.issuer}/common/v2.0", email_verified_claim="xms_edov")


def sign_in_without_iss(browser: Browser) -> HTTPResponse:
    parameters = log_in_at_provider(browser.start(), CLEO)
    return browser.finish(parameters | {"iss": None})  # type: ignore[dict-item]


def test_a_provider_with_tenants_issues_tokens_for_each(
    browser: Browser, edge: ProviderEdge, configure: Callable[..., None]
) -> None:
    use_microsoft(edge, configure)
    assert sign_in_without_iss(browser).status_code == 200


@pytest.mark.parametrize(
    "claims",
    [
        {"tid": "00000000-0000-0000-0000-000000000000"},
        {"tid": None},
        {"tid": "common"},
        {"iss": "https://evil.example/v2.0"},
    ],
)
def test_the_issuer_must_be_that_of_the_tenant(
    browser: Browser, edge: ProviderEdge, configure: Callable[..., None], claims: Claims
) -> None:
    use_microsoft(edge, configure, **claims)
    assert is_refused(sign_in_without_iss(browser))


@pytest.mark.parametrize("claims", [{"xms_edov": None}, {"xms_edov": "0"}, {"xms_edov": False}])
def test_the_address_is_verified_by_the_claim_that_the_stage_names(
    browser: Browser, edge: ProviderEdge, configure: Callable[..., None], claims: Claims
) -> None:
    use_microsoft(edge, configure, email_verified=True, **claims)
    assert sign_in_without_iss(browser).json_body["code"] == "email_not_verified"


def test_a_key_of_one_tenant_signs_for_no_other(
    browser: Browser, edge: ProviderEdge, configure: Callable[..., None]
) -> None:
    use_microsoft(edge, configure)
    key = KEY.as_dict(private=False) | {"issuer": f"{edge.issuer}/another/v2.0"}
    edge.changes["/jwks"] = lambda document: document.update(keys=[key])
    assert is_refused(sign_in_without_iss(browser))
