"""Routes of accounts: registration, profile, passwords, addresses, user lookup, site staff."""

from functools import partial

from chalice.app import Blueprint, Response
from msgspec import structs

from chalicelib.access.permissions import Action
from chalicelib.access.service import Access
from chalicelib.accounts import passwords, schemas, service, staff, time_zones, user_lookup
from chalicelib.accounts.schemas import (
    Account,
    EmailAddress,
    EmailChange,
    Mailed,
    OneTimeToken,
    PasswordChange,
    PasswordReset,
    Person,
    PersonQuery,
    ProfilePatch,
    QuietHours,
    Registration,
    StaffAccount,
    StaffPatch,
    StaffQuery,
)
from chalicelib.attachments.avatars import get_avatar_version
from chalicelib.clock import now
from chalicelib.errors import BadRequest, FieldError, Invalid
from chalicelib.http.bodies import sent_fields
from chalicelib.http.fields import Page, require_confirmed
from chalicelib.http.gate import route
from chalicelib.http.pagination import page_response
from chalicelib.http.rate_limits import get_source_address
from chalicelib.http.responses import (
    created_response,
    json_response,
    no_content_response,
    weakly_conditional_response,
)

bp = Blueprint(__name__)

# The same response for every address, so that nobody learns which addresses have accounts.
MAIL_REQUESTED = Mailed("If the address is registered, an email is on its way")


@route(
    bp, "POST", "/api/auth/register", Action.PUBLIC, body=Registration, returns=Account, status=201
)
def register_account(body: Registration) -> Response:
    """Register an account."""
    require_confirmed("password", body.password, body.password_confirm)
    user = service.register_account(
        username=body.username,
        email=body.email,
        password=body.password,
        source=get_source_address(bp),
        now=now(),
    )
    return created_response(schemas.present_account(user), "/api/auth/profile/")


@route(bp, "POST", "/api/auth/verify-email", Action.PUBLIC, body=OneTimeToken)
def verify_email(body: OneTimeToken) -> Response:
    """Verify an email address."""
    service.verify_email(token=body.token, source=get_source_address(bp), now=now())
    return no_content_response()


@route(
    bp,
    "POST",
    "/api/auth/resend-verification",
    Action.PUBLIC,
    body=EmailAddress,
    returns=Mailed,
    status=202,
)
def resend_verification(body: EmailAddress) -> Response:
    """Resend the verification email."""
    service.resend_verification(email=body.email, source=get_source_address(bp), now=now())
    return json_response(MAIL_REQUESTED, 202)


@route(bp, "POST", "/api/auth/confirm-email", Action.PUBLIC, body=OneTimeToken)
def confirm_email(body: OneTimeToken) -> Response:
    """Confirm a new email address."""
    service.confirm_email_change(token=body.token, source=get_source_address(bp), now=now())
    return no_content_response()


@route(
    bp,
    "POST",
    "/api/auth/forgot-password",
    Action.PUBLIC,
    body=EmailAddress,
    returns=Mailed,
    status=202,
)
def request_password_reset(body: EmailAddress) -> Response:
    """Request a password reset."""
    passwords.request_password_reset(email=body.email, source=get_source_address(bp), now=now())
    return json_response(MAIL_REQUESTED, 202)


@route(bp, "POST", "/api/auth/reset-password", Action.PUBLIC, body=PasswordReset)
def reset_password(body: PasswordReset) -> Response:
    """Reset the password."""
    require_confirmed("password", body.password, body.password_confirm)
    passwords.reset_password(
        token=body.token,
        new_password=body.password,
        source=get_source_address(bp),
        now=now(),
    )
    return no_content_response()


@route(bp, "GET", "/api/auth/profile", Action.READ_ACCOUNT, returns=Account)
def get_profile(access: Access) -> Response:
    """Get your profile."""
    account = schemas.present_account(access.user)
    # The avatar's URL is signed anew each time, so the ETag is computed with its version instead.
    avatar_version = get_avatar_version(access.user, access.now)
    etag_source = structs.replace(account, avatar_url=avatar_version)
    return weakly_conditional_response(account, etag_source, bp.current_request)


@route(bp, "PATCH", "/api/auth/profile", Action.USE_ACCOUNT, body=ProfilePatch, returns=Account)
def update_profile(access: Access, body: ProfilePatch) -> Response:
    """Update your profile."""
    fields = sent_fields(body)
    for channel in service.SWITCHES & fields.keys():
        fields[channel] = sent_fields(fields[channel])
    if "quiet_hours" in fields:
        fields |= _split_quiet_hours(fields.pop("quiet_hours"))
    if "time_zone" in fields and not time_zones.is_time_zone(fields["time_zone"]):
        message = "is not an IANA time zone, such as Europe/Berlin"
        raise Invalid(errors=(FieldError("time_zone", message),))
    user = service.update_profile(access, fields)
    return json_response(schemas.present_account(user))


def _split_quiet_hours(quiet_hours: QuietHours | None) -> dict[str, str | None]:
    """Return the attributes of the profile. Raises `Invalid` when both times are the same."""
    if quiet_hours is None:
        return {"quiet_start": None, "quiet_end": None}
    if quiet_hours.start == quiet_hours.end:
        message = "is the same as start; send quiet_hours as null to have none"
        raise Invalid(errors=(FieldError("quiet_hours.end", message),))
    return {"quiet_start": quiet_hours.start, "quiet_end": quiet_hours.end}


@route(bp, "DELETE", "/api/auth/profile", Action.USE_ACCOUNT)
def delete_account(access: Access) -> Response:
    """Delete your account."""
    service.request_deletion(access)
    return no_content_response()


@route(bp, "POST", "/api/auth/change-password", Action.CHANGE_CREDENTIALS, body=PasswordChange)
def change_password(access: Access, body: PasswordChange) -> Response:
    """Change your password."""
    require_confirmed("new_password", body.new_password, body.new_password_confirm)
    passwords.change_password(
        access,
        password=body.password,
        new_password=body.new_password,
        source=get_source_address(bp),
    )
    return no_content_response()


@route(
    bp,
    "POST",
    "/api/auth/change-email",
    Action.CHANGE_CREDENTIALS,
    body=EmailChange,
    returns=Mailed,
    status=202,
)
def request_email_change(access: Access, body: EmailChange) -> Response:
    """Request a change of email address."""
    service.request_email_change(
        access, email=body.email, password=body.password, source=get_source_address(bp)
    )
    return json_response(Mailed("An email is on its way to the new address"), 202)


@route(bp, "GET", "/api/users", Action.READ_ACCOUNT, query=PersonQuery, returns=Page[Person])
def find_user(access: Access, query: PersonQuery) -> Response:
    """Find a user by email or username."""
    if (query.email is None) == (query.username is None):
        raise BadRequest(errors=(FieldError("email", "give either email or username"),))
    user = user_lookup.find_user(access, email=query.email, username=query.username)
    return json_response(Page([schemas.present_person(user)] if user else []))


@route(
    bp, "GET", "/api/admin/users", Action.MANAGE_USERS, query=StaffQuery, returns=Page[StaffAccount]
)
def list_accounts(access: Access, query: StaffQuery) -> Response:
    """List all accounts."""
    find = partial(staff.list_accounts, prefix=query.email)
    return page_response(
        access, query, f"people {query.email}", find, schemas.present_staff_account
    )


@route(
    bp,
    "PATCH",
    "/api/admin/users/{user_id}",
    Action.CHANGE_USERS,
    body=StaffPatch,
    returns=StaffAccount,
)
def update_account(access: Access, body: StaffPatch, user_id: str) -> Response:
    """Disable, enable or promote an account."""
    fields = sent_fields(body)
    user = staff.update_account(
        access, user_id, disabled=fields.get("is_disabled"), staff=fields.get("is_staff")
    )
    return json_response(schemas.present_staff_account(user))
