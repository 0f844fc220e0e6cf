"""Routes of second factors, of the step-up, and of the reset by site staff."""

from chalice.app import Blueprint, Response
from msgspec.structs import asdict

from chalicelib.access.permissions import Action
from chalicelib.access.prefetch import Prefetch
from chalicelib.access.service import Access, RequestContext
from chalicelib.http.gate import route
from chalicelib.http.rate_limits import get_source_address
from chalicelib.http.responses import conditional_response, json_response, no_content_response
from chalicelib.second_factors import models, schemas, service
from chalicelib.second_factors.schemas import (
    RecoveryCodes,
    SecondFactors,
    StepUp,
    TotpConfirmation,
    TotpSetup,
)

bp = Blueprint(__name__)

FACTORS = "/api/auth/second-factors"


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
    factors = schemas.present_second_factors(service.get_second_factors(access))
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
    f"{FACTORS}/recovery-codes",
    Action.MANAGE_SECOND_FACTORS,
    returns=RecoveryCodes,
)
def renew_recovery_codes(access: Access) -> Response:
    """Renew the recovery codes."""
    return json_response(RecoveryCodes(service.renew_recovery_codes(access)))


@route(bp, "POST", "/api/auth/step-up", Action.USE_ACCOUNT, body=StepUp)
def step_up(access: Access, body: StepUp) -> Response:
    """Prove that it is you."""
    service.step_up(
        access,
        password=body.password,
        proof=schemas.read_proof(body),
        source=get_source_address(bp),
    )
    return no_content_response()


@route(bp, "DELETE", "/api/admin/users/{user_id}/second-factors", Action.CHANGE_USERS)
def reset_second_factors(access: Access, user_id: str) -> Response:
    """Reset the second factors of an account."""
    service.reset_second_factors(access, user_id)
    return no_content_response()
