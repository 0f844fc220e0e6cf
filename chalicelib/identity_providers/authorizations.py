"""The authorization code flow with PKCE (RFC 6749, RFC 7636).

A browser starts an authorization, goes to the provider, and comes back with its authorization
response. `state` is valid for one response, for ten minutes, and in the browser that started. After
a failure the browser must start again, so an attacker cannot try several codes.
"""

import hashlib
import secrets
from base64 import urlsafe_b64encode
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from msgspec import Struct

from chalicelib.dynamodb.timestamps import format_timestamp, to_epoch_seconds
from chalicelib.dynamodb.transactions import Put, transact
from chalicelib.errors import Conflict, Invalid
from chalicelib.identity_providers import id_tokens, models, provider_documents, provider_requests
from chalicelib.identity_providers.id_tokens import InvalidToken, Person
from chalicelib.identity_providers.models import Authorization
from chalicelib.identity_providers.provider_documents import Metadata
from chalicelib.identity_providers.provider_requests import Tokens
from chalicelib.identity_providers.providers import Provider, find_provider
from chalicelib.observability import logger
from chalicelib.sessions.credentials import hash_secret

LIFETIME = timedelta(minutes=10)
SECRET_BYTES = 32
SCOPE = "openid email profile"
CALLBACK = "/sign-in"  # the page of the web client to which providers redirect


class Start(Struct, frozen=True):
    """A started authorization: the address at the provider, and the secret for the cookie."""

    url: str
    browser_secret: str


class AuthorizationResponse(Struct, frozen=True):
    """An authorization response: the parameters of the redirect, and the secret of the cookie.

    `issuer` is the parameter `iss` (RFC 9207), which not every provider sends.
    """

    provider: str
    state: str
    code: str
    issuer: str | None
    browser_secret: str


def start_authorization(
    provider_id: str, *, app_url: str, user_id: str | None, now: datetime
) -> Start:
    """Start an authorization for a sign-in, or to link an identity to the account `user_id`.

    Raises `Invalid` for an unknown provider, `Conflict` when the request did not come through the
    web client's address, and `Unavailable` when the provider does not respond.
    """
    provider = find_provider(provider_id)
    if not app_url:
        raise Conflict("Sign in through the address of the web client")
    metadata = provider_documents.get_metadata(provider, now)
    state, nonce, verifier, browser_secret = (secrets.token_urlsafe(SECRET_BYTES) for _ in range(4))
    key = Authorization.key(hash_secret(state))
    authorization = Authorization(
        key.pk,
        key.sk,
        provider=provider.id,
        browser=hash_secret(browser_secret),
        nonce=nonce,
        code_verifier=verifier,
        redirect_uri=f"{app_url}{CALLBACK}/{provider.id}",
        user_id=user_id,
        valid_until=format_timestamp(now + LIFETIME),
        expires_at=to_epoch_seconds(now + LIFETIME),
    )
    transact(Put(authorization))
    return Start(_build_url(provider, metadata, authorization, state), browser_secret)


def _build_url(
    provider: Provider, metadata: Metadata, authorization: Authorization, state: str
) -> str:
    digest = hashlib.sha256(authorization.code_verifier.encode()).digest()
    parameters = {
        "response_type": "code",
        "client_id": provider.client_id,
        "redirect_uri": authorization.redirect_uri,
        "scope": SCOPE,
        "state": state,
        "nonce": authorization.nonce,
        "code_challenge": urlsafe_b64encode(digest).decode().rstrip("="),
        "code_challenge_method": "S256",
    }
    endpoint = metadata.authorization_endpoint
    return f"{endpoint}{'&' if '?' in endpoint else '?'}{urlencode(parameters)}"


def complete_authorization(
    response: AuthorizationResponse, *, user_id: str | None, now: datetime
) -> Person:
    """Return the person that the provider's authorization response is about.

    Raises `Invalid` when this browser did not start the authorization, or when the response is not
    valid, and `Unavailable` when the provider does not respond.
    """
    provider = find_provider(response.provider)
    authorization = _take_authorization(response, user_id, now)
    metadata = provider_documents.get_metadata(provider, now)
    _check_issuer(response.issuer, metadata)
    try:
        tokens = _request_tokens(provider, metadata, authorization, response.code)
        claims = id_tokens.verify_id_token(
            tokens.id_token, provider, metadata, nonce=authorization.nonce, now=now
        )
    except provider_requests.Refused as refused:
        raise _sign_in_failed("the provider refused the code") from refused
    except InvalidToken as invalid:
        raise _sign_in_failed(f"invalid ID token: {invalid}") from invalid
    if "email" not in claims and metadata.userinfo_endpoint:
        claims = _read_user_info(metadata.userinfo_endpoint, tokens, claims["sub"]) | claims
    return id_tokens.read_person(claims, provider)


def _request_tokens(
    provider: Provider, metadata: Metadata, authorization: Authorization, code: str
) -> Tokens:
    return provider_requests.request_tokens(
        metadata.token_endpoint,
        client_id=provider.client_id,
        client_secret=provider.client_secret,
        in_header="client_secret_basic" in metadata.token_endpoint_auth_methods_supported,
        form={
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": authorization.redirect_uri,
            "code_verifier": authorization.code_verifier,
        },
    )


def _read_user_info(url: str, tokens: Tokens, subject: str) -> dict[str, Any]:
    """Return the claims of the UserInfo endpoint: some providers have the address only there.

    They count only if they are about the subject of the ID token (OpenID Connect Core, 5.3.2).
    """
    claims = provider_requests.get_json(url, dict[str, Any], access_token=tokens.access_token)
    if claims.get("sub") != subject:
        raise _sign_in_failed("the UserInfo endpoint describes another subject")
    return claims


def _take_authorization(
    response: AuthorizationResponse, user_id: str | None, now: datetime
) -> Authorization:
    """Return the authorization that `response` belongs to, and delete it.

    Only the browser that started it can use it.
    """
    authorization = models.get_authorization(hash_secret(response.state))
    if authorization is None or format_timestamp(now) >= authorization.valid_until:
        raise _sign_in_failed("the state is unknown, used or expired")
    browser = hash_secret(response.browser_secret)
    if not secrets.compare_digest(authorization.browser, browser):
        raise _sign_in_failed("the state belongs to another browser")
    if (authorization.provider, authorization.user_id) != (response.provider, user_id):
        raise _sign_in_failed("the state belongs to another provider or account")
    if not models.delete_authorization(authorization):
        raise _sign_in_failed("the state was used by a concurrent request")
    return authorization


def _check_issuer(issuer: str | None, metadata: Metadata) -> None:
    """Check the parameter `iss`, which identifies the provider (RFC 9207, section 2.4).

    A provider with tenants names its tenant, which the ID token shows.
    """
    if provider_documents.TENANT in metadata.issuer:
        return
    is_expected = metadata.authorization_response_iss_parameter_supported
    if (issuer is None and is_expected) or (issuer is not None and issuer != metadata.issuer):
        raise _sign_in_failed("the response names another issuer")


def _sign_in_failed(reason: str) -> Invalid:
    """Return the error for every failed authorization; `reason` is only logged."""
    logger.info("a sign-in failed", reason=reason)
    return Invalid("The sign-in cannot be completed; start again", code="sign_in_failed")
