"""Routes of the sign-in with identity providers, and of the identities of an account."""

from chalice.app import Blueprint, Response
from msgspec.structs import asdict

from chalicelib.access.permissions import Action
from chalicelib.access.prefetch import Prefetch, prefetch_list
from chalicelib.access.service import Access, RequestContext
from chalicelib.accounts.schemas import present_account
from chalicelib.clock import now
from chalicelib.http.distribution import find_app_url
from chalicelib.http.fields import Page
from chalicelib.http.gate import route
from chalicelib.http.rate_limits import get_source_address
from chalicelib.http.responses import created_response, json_response, no_content_response
from chalicelib.identity_providers import (
    authorizations,
    cookies,
    linking,
    models,
    providers,
    schemas,
    service,
)
from chalicelib.identity_providers.authorizations import AuthorizationResponse, Start
from chalicelib.identity_providers.schemas import (
    AuthorizationUrl,
    IdentityProvider,
    LinkedIdentity,
    LinkStart,
    ProviderResponse,
    SignInStart,
)
from chalicelib.sessions import cookies as session_cookies
from chalicelib.sessions.schemas import SignedIn, present_tokens

bp = Blueprint(__name__)

IDENTITIES = "/api/auth/identities"


def _prefetch_identities(context: RequestContext, **_: str) -> Prefetch:
    return prefetch_list(models.list_user_identities, context.caller.user_id)


@route(bp, "GET", "/api/auth/identity-providers", Action.PUBLIC, returns=Page[IdentityProvider])
def list_identity_providers() -> Response:
    """List the identity providers."""
    return json_response(Page([schemas.present_provider(p) for p in providers.list_providers()]))


@route(
    bp,
    "POST",
    "/api/auth/sign-in/start",
    Action.PUBLIC,
    body=SignInStart,
    returns=AuthorizationUrl,
)
def start_sign_in(body: SignInStart) -> Response:
    """Start a sign-in at an identity provider."""
    app_url = find_app_url(bp.current_request.context)
    return _start_response(
        authorizations.start_authorization(body.provider, app_url=app_url, user_id=None, now=now())
    )


@route(bp, "POST", "/api/auth/sign-in", Action.PUBLIC, body=ProviderResponse, returns=SignedIn)
def sign_in(body: ProviderResponse) -> Response:
    """Complete a sign-in at an identity provider."""
    signed_in = service.sign_in(
        _read_response(body),
        device=bp.current_request.headers.get("user-agent", ""),
        source=get_source_address(bp),
        now=now(),
    )
    tokens = present_tokens(signed_in, is_in_cookie=True)
    response = SignedIn(**asdict(tokens), user=present_account(signed_in.user))
    return json_response(response, headers=session_cookies.build_headers(signed_in.refresh))


@route(
    bp,
    "GET",
    IDENTITIES,
    Action.USE_ACCOUNT,
    returns=Page[LinkedIdentity],
    prefetch=_prefetch_identities,
)
def list_identities(access: Access) -> Response:
    """List your linked identities."""
    identities = linking.list_identities(access)
    return json_response(Page([schemas.present_identity(each) for each in identities]))


@route(
    bp,
    "POST",
    f"{IDENTITIES}/start",
    Action.CHANGE_CREDENTIALS,
    body=LinkStart,
    returns=AuthorizationUrl,
)
def start_linking(access: Access, body: LinkStart) -> Response:
    """Start the link of an identity."""
    start = linking.start_linking(
        access,
        provider=body.provider,
        password=body.password,
        app_url=find_app_url(bp.current_request.context),
        source=get_source_address(bp),
    )
    return _start_response(start)


@route(
    bp,
    "POST",
    IDENTITIES,
    Action.USE_ACCOUNT,
    body=ProviderResponse,
    returns=LinkedIdentity,
    status=201,
)
def link_identity(access: Access, body: ProviderResponse) -> Response:
    """Complete the link of an identity."""
    identity = linking.link_identity(access, _read_response(body))
    return created_response(schemas.present_identity(identity), f"{IDENTITIES}/{identity.id}/")


@route(
    bp,
    "DELETE",
    IDENTITIES + "/{identity_id}",
    Action.USE_ACCOUNT,
    prefetch=_prefetch_identities,
)
def unlink_identity(access: Access, identity_id: str) -> Response:
    """Unlink an identity."""
    linking.unlink_identity(access, identity_id)
    return no_content_response()


def _start_response(start: Start) -> Response:
    headers = cookies.build_headers(start.browser_secret, authorizations.LIFETIME)
    return json_response(AuthorizationUrl(start.url), headers=headers)


def _read_response(body: ProviderResponse) -> AuthorizationResponse:
    secret = cookies.find_secret(bp.current_request.headers.get("cookie", ""))
    return schemas.read_response(body, secret)
