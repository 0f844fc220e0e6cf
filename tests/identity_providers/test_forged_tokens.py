"""ID tokens that are not valid, and broken keys of the provider."""

import hmac
import json
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable
from typing import Any

import pytest

from tests.identity_providers.conftest import Browser
from tests.identity_providers.forged_tokens import CLEO, KEY, OTHER_KEY, Claims, forge, is_refused
from tests.provider_edge import ProviderEdge


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
    "not yet valid": {"nbf": int(time.time()) + 36_000},
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


@pytest.mark.parametrize(
    "change",
    [
        lambda claims: claims.update(iat=claims["iat"] + 20),
        lambda claims: claims.update(nbf=claims["iat"] + 20),
        lambda claims: claims.update(exp=claims["iat"] - 15),
    ],
    ids=["issued in the future", "not yet valid", "expired"],
)
def test_the_clock_of_the_provider_may_differ_by_half_a_minute(
    browser: Browser, edge: ProviderEdge, change: Callable[[Claims], None]
) -> None:
    forge(edge, change)
    assert browser.sign_in(CLEO).status_code == 200


@pytest.mark.parametrize(
    "change",
    [
        lambda claims: claims.update(iat=claims["iat"] + 90),
        lambda claims: claims.update(nbf=claims["iat"] + 90),
        lambda claims: claims.update(exp=claims["iat"] - 31),
    ],
    ids=["issued in the future", "not yet valid", "expired"],
)
def test_a_larger_difference_of_the_clocks_is_refused(
    browser: Browser, edge: ProviderEdge, change: Callable[[Claims], None]
) -> None:
    forge(edge, change)
    assert is_refused(browser.sign_in(CLEO))


def encode(content: bytes) -> str:
    return urlsafe_b64encode(content).decode().rstrip("=")


def sign_with_public_key(content: bytes) -> bytes:
    return hmac.digest(KEY.as_pem(private=False), content, "sha256")


@pytest.mark.parametrize(
    ("algorithm", "sign"), [("HS256", sign_with_public_key), ("none", lambda content: b"")]
)
def test_a_token_that_everybody_can_sign_is_refused(
    browser: Browser, edge: ProviderEdge, algorithm: str, sign: Callable[[bytes], bytes]
) -> None:
    """Its claims are right; the public key as a shared secret is RFC 8725, section 2.1."""
    forge(edge)
    sign_rightly = edge.changes["/token"]

    def sign_wrongly(answer: Claims) -> None:
        sign_rightly(answer)
        claims = answer["id_token"].split(".")[1]
        header = encode(json.dumps({"alg": algorithm, "kid": "forged"}).encode())
        answer["id_token"] = f"{header}.{claims}.{encode(sign(f'{header}.{claims}'.encode()))}"

    edge.changes["/token"] = sign_wrongly
    assert is_refused(browser.sign_in(CLEO))


def test_a_key_that_the_token_brings_along_is_not_used(
    browser: Browser, edge: ProviderEdge
) -> None:
    forge(edge, key=OTHER_KEY, jwk=OTHER_KEY.as_dict(private=False))
    assert is_refused(browser.sign_in(CLEO))


BROKEN_KEYS: dict[str, list[Any]] = {
    "no key": [],
    "an empty key": [{}],
    "a key without its numbers": [{"kty": "RSA", "kid": "forged"}],
    "wrong types": [{"kty": "RSA", "kid": "forged", "n": 7, "e": ["AQAB"]}],
    "no base64": [{"kty": "RSA", "kid": "forged", "n": "!", "e": "AQAB"}],
    "a list as type": [{"kty": ["RSA"], "kid": "forged"}],
    "a key of another type": [{"kty": "EC", "kid": "forged", "crv": "P-256", "x": "", "y": ""}],
    "a symmetric key": [{"kty": "oct", "kid": "forged", "k": "AAAA"}],
    "a key for encryption": [KEY.as_dict(private=False) | {"use": "enc"}],
    "a key for another algorithm": [KEY.as_dict(private=False) | {"alg": "PS256"}],
}


@pytest.mark.parametrize("keys", BROKEN_KEYS.values(), ids=BROKEN_KEYS)
def test_with_broken_keys_of_the_provider_nobody_signs_in(
    browser: Browser, edge: ProviderEdge, keys: list[Any]
) -> None:
    forge(edge)
    edge.changes["/jwks"] = lambda answer: answer.update(keys=keys)
    assert is_refused(browser.sign_in(CLEO))
