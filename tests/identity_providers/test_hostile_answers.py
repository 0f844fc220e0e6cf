"""Answers that belong to another authorization, and ID tokens that are not valid."""

import json
import time
from base64 import urlsafe_b64decode
from collections.abc import Callable
from typing import Any

import pytest
from chalice.test import HTTPResponse
from joserfc import jwt
from joserfc.jwk import RSAKey

from tests.identity_providers.conftest import REDIRECT_URI, Browser
from tests.oidc_provider import log_in_at_provider, run_provider
from tests.provider_edge import ProviderEdge
from tests.table_items import scan_items

CLEO = "cleo@example.com"
TENANT = "9188040d-6c67-4c5b-b112-36a304b66dad"
KEY = RSAKey.generate_key(2048, {"kid": "forged", "use": "sig"})
OTHER_KEY = RSAKey.generate_key(2048, {"kid": "forged", "use": "sig"})
Claims = dict[str, Any]


def is_refused(answer: HTTPResponse) -> bool:
    """Return whether the sign-in failed and created nothing."""
    created = [item for item in scan_items() if item["SK"]["S"].startswith(("PROFILE", "SESSION#"))]
    code = answer.json_body.get("code")
    return (answer.status_code, code, created) == (422, "sign_in_failed", [])


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


def forge(
    edge: ProviderEdge,
    change: Callable[[Claims], None] = lambda claims: None,
    *,
    key: Any = KEY,
    **header: Any,
) -> None:
    """Let the provider answer with a changed ID token that is signed with `key`.

    The provider publishes `KEY`, so a token is right if only its claims are.
    """

    def replace_token(answer: Claims) -> None:
        if "id_token" not in answer:
            return
        payload = answer["id_token"].split(".")[1]
        claims = json.loads(urlsafe_b64decode(payload + "=="))
        change(claims)
        sent = {"alg": "RS256", "kid": "forged"} | header
        sent = {name: value for name, value in sent.items() if value is not None}
        answer["id_token"] = jwt.encode(sent, claims, key, [sent["alg"]])

    def publish_key(answer: Claims) -> None:
        answer["keys"] = [KEY.as_dict(private=False)]

    edge.changes |= {"/token": replace_token, "/jwks": publish_key}


def test_a_token_with_a_published_key_and_right_claims_is_accepted(
    browser: Browser, edge: ProviderEdge
) -> None:
    """The same token without a change is accepted, so the others are refused for their change."""
    forge(edge)
    assert browser.sign_in(CLEO).status_code == 200


def test_the_only_key_needs_no_id(browser: Browser, edge: ProviderEdge) -> None:
    forge(edge, kid=None)
    assert browser.sign_in(CLEO).status_code == 200


WRONG_CLAIMS: dict[str, Claims] = {
    "issuer": {"iss": "https://evil.example"},
    "no issuer": {"iss": None},
    "audience": {"aud": "another client"},
    "audiences": {"aud": ["another client"]},
    "two audiences without a party": {"aud": ["tasks", "another client"]},
    "party": {"azp": "another client"},
    "no subject": {"sub": None},
    "number as subject": {"sub": 7},
    "long subject": {"sub": "x" * 256},
    "expired": {"exp": int(time.time()) - 3600},
    "no expiry": {"exp": None},
    "text as expiry": {"exp": "tomorrow"},
    "issued in the future": {"iat": int(time.time()) + 36_000},
    "no time of issue": {"iat": None},
    "no nonce": {"nonce": None},
    "list as nonce": {"nonce": ["x"]},
}


@pytest.mark.parametrize("change", WRONG_CLAIMS.values(), ids=WRONG_CLAIMS)
def test_a_token_with_a_wrong_claim_is_refused(
    browser: Browser, edge: ProviderEdge, change: Claims
) -> None:
    forge(edge, lambda claims: claims.update(change))
    assert is_refused(browser.sign_in(CLEO))


def test_a_token_with_another_signature_is_refused(browser: Browser, edge: ProviderEdge) -> None:
    forge(edge, key=OTHER_KEY)
    assert is_refused(browser.sign_in(CLEO))


def test_a_token_with_an_algorithm_that_is_not_listed_is_refused(
    browser: Browser, edge: ProviderEdge
) -> None:
    forge(edge, alg="RS512")
    assert is_refused(browser.sign_in(CLEO))


def test_a_token_with_an_unknown_key_is_refused(browser: Browser, edge: ProviderEdge) -> None:
    forge(edge, kid="unknown")
    assert is_refused(browser.sign_in(CLEO))


@pytest.mark.parametrize("token", ["", "x", "x.y.z", "eyJhbGciOiJub25lIn0.e30."])
def test_what_is_no_signed_token_is_refused(
    browser: Browser, edge: ProviderEdge, token: str
) -> None:
    edge.changes["/token"] = lambda answer: answer.update(id_token=token)
    assert is_refused(browser.sign_in(CLEO))


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
