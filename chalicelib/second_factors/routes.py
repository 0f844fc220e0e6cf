"""Routes of second factors, of the step-up, and of the reset by site staff."""

from chalice.app import Blueprint, Response
from msgspec import to_builtins
from msgspec.structs import asdict

from chalicelib.access.permissions import Action
from chalicelib.access.prefetch import Prefetch
from chalicelib.access.service import Access, RequestContext
from chalicelib.http.distribution import find_app_url
from chalicelib.http.gate import route
from chalicelib.http.rate_limits import get_source_address
from chalicelib.http.responses import (
    conditional_response,
    created_response,
    json_response,
    no_content_response,
)
from chalicelib.second_factors import models, passkey_schemas, passkeys, schemas, service
from chalicelib.second_factors.passkey_schemas import (
    NewPasskey,
    PasskeyCreationOptions,
    PasskeyRequestOptions,
    RegisteredPasskey,
)
from chalicelib.second_factors.schemas import (
    RecoveryCodes,
    SecondFactors,
    StepUp,
    TotpConfirmation,
    TotpSetup,
)

bp = Blueprint(__name__)

FACTORS = "/api/auth/second-factors"
PASSKEYS = f"{FACTORS}/passkeys"


def _prefetch_factors(context: RequestContext) -> Prefetch:
    return Prefetch((models.SecondFactor.key(context.caller.user_id),))


@route(
    bp,
    "GET",
    FACTORS,
    Action.USE_ACCOUNT,
    returns=SecondFactors,
    prefetch=_prefetch_factors,
)
def get_second_factors(access: Access) -> Response:
    """Get your second factors."""
    factor, keys = service.get_second_factors(access), passkeys.list_passkeys(access.user)
    factors = schemas.present_second_factors(factor, keys)
    return conditional_response(factors, bp.current_request)


@route(bp, "POST", f"{FACTORS}/totp", Action.MANAGE_SECOND_FACTORS, returns=TotpSetup)
def start_totp_setup(access: Access) -> Response:
    """Start the setup of an authenticator app."""
    setup = service.start_totp_setup(access)
    return json_response(TotpSetup(**asdict(setup)))


@route(
    bp,
    "POST",
    f"{FACTORS}/totp/confirm",
    Action.MANAGE_SECOND_FACTORS,
    body=TotpConfirmation,
    returns=RecoveryCodes,
)
def confirm_totp_setup(access: Access, body: TotpConfirmation) -> Response:
    """Confirm the setup of an authenticator app."""
    return json_response(RecoveryCodes(service.confirm_totp_setup(access, body.code)))


@route(bp, "DELETE", f"{FACTORS}/totp", Action.MANAGE_SECOND_FACTORS)
def remove_totp(access: Access) -> Response:
    """Remove the authenticator app."""
    service.remove_totp(access)
    return no_content_response()


@route(
    bp,
    "POST",
    f"{PASSKEYS}/options",
    Action.MANAGE_SECOND_FACTORS,
    returns=PasskeyCreationOptions,
)
def start_passkey_registration(access: Access) -> Response:
    """Start the registration of a passkey: get the options for the browser."""
    app_url = find_app_url(bp.current_request.context)
    ceremony = passkeys.start_registration(access, app_url=app_url)
    return json_response(passkey_schemas.present_creation_options(ceremony, access.user))


@route(
    bp,
    "POST",
    PASSKEYS,
    Action.MANAGE_SECOND_FACTORS,
    body=NewPasskey,
    returns=RegisteredPasskey,
    status=201,
)
def register_passkey(access: Access, body: NewPasskey) -> Response:
    """Register a passkey."""
    registration = passkeys.register_passkey(
        access,
        name=body.name,
        response=to_builtins(body.passkey),
        transports=[*body.passkey.response.transports],
        app_url=find_app_url(bp.current_request.context),
    )
    passkey = passkey_schemas.present_registration(registration)
    return created_response(passkey, f"{PASSKEYS}/{passkey.id}/")


@route(bp, "DELETE", PASSKEYS + "/{passkey_id}", Action.MANAGE_SECOND_FACTORS)
def remove_passkey(access: Access, passkey_id: str) -> Response:
    """Remove a passkey."""
    passkeys.remove_passkey(access, passkey_id)
    return no_content_response()


@route(
    bp,
    "POST",
    f"{FACTORS}/recovery-codes",
    Action.MANAGE_SECOND_FACTORS,
    returns=RecoveryCodes,
)
def renew_recovery_codes(access: Access) -> Response:
    """Renew the recovery codes."""
    return json_response(RecoveryCodes(service.renew_recovery_codes(access)))


@route(
    bp,
    "POST",
    "/api/auth/step-up/passkey-options",
    Action.USE_ACCOUNT,
    returns=PasskeyRequestOptions,
)
def start_passkey_step_up(access: Access) -> Response:
    """Prove with a passkey that it is you: get the options for the browser."""
    key, app_url = service.step_up_key(access), find_app_url(bp.current_request.context)
    ceremony = passkeys.start_assertion(access.user, key, app_url=app_url, now=access.now)
    return json_response(passkey_schemas.present_request_options(ceremony))


@route(bp, "POST", "/api/auth/step-up", Action.USE_ACCOUNT, body=StepUp)
def step_up(access: Access, body: StepUp) -> Response:
    """Prove that it is you."""
    service.step_up(
        access,
        password=body.password,
        proof=schemas.read_proof(body, find_app_url(bp.current_request.context)),
        source=get_source_address(bp),
    )
    return no_content_response()


@route(bp, "DELETE", "/api/admin/users/{user_id}/second-factors", Action.CHANGE_USERS)
def reset_second_factors(access: Access, user_id: str) -> Response:
    """Reset the second factors of an account."""
    service.reset_second_factors(access, user_id)
    return no_content_response()
