"""The errors that callers of the API can get, each with its status and stable code.

ApiError
 +-- BadRequest          400  the request cannot be read
 +-- Unauthenticated     401  the token is missing, invalid or no longer valid
 +-- Forbidden           403  the caller has access to the object, but may not do this
 +-- NotFound            404  the object does not exist, or the caller has no access to it
 +-- Conflict            409  the object's state does not allow it
 +-- Gone                410  the object existed, but is no longer kept
 +-- PreconditionFailed  412  the object changed since the caller read it
 +-- PayloadTooLarge     413
 +-- UnsupportedMediaType 415
 +-- Invalid             422  the request can be read, but fields are wrong; all are named
 +-- TooManyRequests     429
 +-- Unavailable         503  a service that the API depends on does not respond; safe to try again
"""

from typing import Any, ClassVar, TypeVar

from msgspec import Struct

T = TypeVar("T")


class FieldError(Struct, frozen=True):
    """One error in a request: where it is and how to fix it."""

    location: str
    message: str


class ApiError(Exception):
    """Base of all errors. `code` is stable and part of the API; `detail` is for people.

    `codes` maps each code of this error, `code` too, to the case in which callers get it, as
    docs/api.md shows it. `always` are headers that every error of this class sends, `extensions`
    further members of the problem document.
    """

    status: ClassVar[int]
    code: ClassVar[str]
    title: ClassVar[str]
    codes: ClassVar[dict[str, str]]
    always: ClassVar[dict[str, str]] = {}

    def __init__(
        self,
        detail: str = "",
        *,
        code: str = "",
        errors: tuple[FieldError, ...] = (),
        headers: dict[str, str] | None = None,
        extensions: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(detail or self.title)
        self.detail = detail or self.title
        self.stable_code = code or self.code
        self.errors = errors
        self.headers = {**self.always, **(headers or {})}
        self.extensions = extensions or {}


class BadRequest(ApiError):
    status, code, title = 400, "bad_request", "The request cannot be read"
    codes: ClassVar = {
        "bad_request": (
            "the request cannot be parsed, or a query parameter is invalid, unknown or repeated"
        ),
        "invalid_json": (
            "the body is not a JSON object, has a duplicate name, an invalid or too large "
            "number, or is nested too deep; `errors` names the location where there is "
            "one"
        ),
        "invalid_cursor": "the cursor was modified, or belongs to another list or caller",
        "invalid_if_match": "`If-Match` is neither `*` nor a single `ETag` of this API",
        "invalid_key": "`Idempotency-Key` is empty or longer than 255 characters",
    }


class Unauthenticated(ApiError):
    status, code, title = 401, "unauthenticated", "A valid access token is needed"
    codes: ClassVar = {
        "unauthenticated": (
            "the token is missing or invalid, or its session, account or API token has ended"
        ),
        "bad_credentials": (
            "login: the address or the password is wrong (the same response for both)"
        ),
        "account_disabled": (
            "login: the password is correct, but site staff have disabled the account"
        ),
        "second_factor_required": (
            "login: the password is correct, and the account has a [second factor]"
            "(#second-factors); `ticket` is for the second step, `factors` has its kinds"
        ),
        "ticket_expired": (
            "login: the ticket is older than five minutes, was changed, or the password is new; "
            "log in again"
        ),
        "refresh_reuse": "refresh: this token was used before; its session has ended",
    }
    always: ClassVar = {"WWW-Authenticate": 'Bearer realm="task-manager"'}


class Forbidden(ApiError):
    status, code, title = 403, "forbidden", "Your role does not allow this"
    codes: ClassVar = {
        "forbidden": ("your role does not allow this action, or the action is only for site staff"),
        "scope_missing": (
            "the API token lacks the scope or is limited to other projects, or the action "
            "does not accept API tokens; `detail` says which"
        ),
        "step_up_required": (
            "the action needs a recent proof that it is you; "
            "[step up](#post-apiauthstep-up), and send the request again"
        ),
    }


class NotFound(ApiError):
    status, code, title = 404, "not_found", "There is no such object"
    codes: ClassVar = {
        "not_found": "the object does not exist, or you do not have access to it",
    }


def require_found(item: T | None) -> T:
    """Return `item`. Raises `NotFound` when it is None."""
    if item is None:
        raise NotFound()
    return item


class Conflict(ApiError):
    status, code, title = 409, "conflict", "The object's state does not allow this"
    codes: ClassVar = {
        "conflict": (
            "the object's state does not allow the action; the codes below are more specific"
        ),
        "email_taken": (
            "register or change of address: another account has this address, in any spelling"
        ),
        "username_taken": (
            "register or change of username: another account has this username, in any spelling"
        ),
        "already_member": "the user is already a member of the project",
        "already_invited": (
            "the address already has an invitation to the project; resend or revoke it"
        ),
        "archived": "the project is archived and read-only; unarchive it first",
        "ambiguous_key": (
            "several of your projects use this key; use a task's id: `errors` lists each "
            "candidate as `tasks.<id>`"
        ),
        "already_related": "the two tasks already have this relation",
        "blocked": (
            "open tasks block the one that is to be done; finish them first or send `force=true`: "
            "`errors` lists those that you have access to as `tasks.<id>`"
        ),
        "chain_too_long": (
            "too many tasks block each other in a row to search for a cycle; `detail` has the limit"
        ),
        "relation_cycle": "with this relation, tasks would block each other in a cycle",
        "too_many_connections": (
            "you have 20 [live connections](#live-connections); close one of them first"
        ),
        "too_many_subscriptions": "a live connection has at most 50 subscriptions",
        "too_many_changes": "the changes are too many for one request; change the status by itself",
        "too_many_relations": "one of the two tasks has as many relations as a task can have",
        "has_subtasks": "the task has subtasks; delete or move them first",
        "too_many_subtasks": "the task has more subtasks than one request copies or moves",
        "name_taken": "the project already has a label with this name",
        "last_owner": (
            "the owner cannot leave, be removed or get another role; transfer the project first"
        ),
        "owns_projects": (
            "account deletion: you still own projects; `errors` lists each as `projects.<id>`"
        ),
        "upload_missing": (
            "the file has not been uploaded, or differs from the announced size, type or digest"
        ),
        "upload_over": (
            "this upload was completed, was deleted or expired after a day; start a new one"
        ),
        "busy": "a job of the same kind with other parameters is still running for you",
        "job_not_done": "the job has not finished yet",
        "job_failed": "the job failed; request it again",
        "no_setup": "no setup of an app was started in the last 15 minutes; start one",
        "no_second_factor": "the account has no second factor; set one up first",
        "too_many_passkeys": "the account has 10 passkeys; remove one",
        "too_many_views": "you have, or the project has, 100 saved views; delete one",
        "email_not_verified": (
            "sign-in: the identity provider does not say that it has verified your address"
        ),
        "account_exists": (
            "sign-in: an account has this address; log in to it and link the identity there"
        ),
        "email_differs": "the identity has another address than your account",
        "identity_taken": "the identity is linked to another account",
        "last_login_method": (
            "the account has no password and no other identity; choose a password first"
        ),
        "too_many_webhooks": "the project has 10 webhooks; delete one",
        "no_room": (
            "the files of the task or the project would be too many or too large; "
            "`detail` says which of the two"
        ),
    }


class Gone(ApiError):
    status, code, title = 410, "gone", "No longer available"
    codes: ClassVar = {
        "cursor_expired": (
            "the cursor of [changes](#changes) is older than 30 days; start again without a cursor"
        ),
        "gone": "the object is no longer kept",
    }


class PreconditionFailed(ApiError):
    status, code, title = 412, "precondition_failed", "The object has changed since you read it"
    codes: ClassVar = {
        "precondition_failed": "the object has another version than the one in `If-Match`",
    }


class PayloadTooLarge(ApiError):
    status, code, title = 413, "payload_too_large", "The body is too large"
    codes: ClassVar = {
        "payload_too_large": "the body is larger than 256 KiB",
    }


class UnsupportedMediaType(ApiError):
    status, code, title = 415, "unsupported_media_type", "Send application/json"
    codes: ClassVar = {
        "unsupported_media_type": "the `Content-Type` of the body is not JSON",
    }


class Invalid(ApiError):
    status, code, title = 422, "invalid", "Some fields are not valid"
    codes: ClassVar = {
        "invalid": "fields are invalid, missing or unknown; `errors` lists each",
        "invalid_token": "a token from an email is wrong, used, replaced or expired",
        "wrong_password": "the current password, which this change requires, is wrong",
        "wrong_code": "the code of a second factor is wrong, or was used before",
        "wrong_passkey": (
            "the passkey is not of this account, address or challenge, or the challenge was used "
            "before or is older than five minutes; request a new one"
        ),
        "sign_in_failed": (
            "the sign-in at the identity provider was begun in another browser, took longer than "
            "ten minutes, was used before, or its answer is not valid; start again"
        ),
        "idempotency_key_reused": "this key was used for another request",
    }


class TooManyRequests(ApiError):
    status, code, title = 429, "too_many_requests", "Too many requests"
    codes: ClassVar = {
        "rate_limited": (
            "the caller, or the source address without a valid token, exceeded [the "
            "limit](#limits) of requests per minute; wait for `Retry-After` seconds"
        ),
        "too_many_requests": (
            "[too many attempts](#throttling), or too many requests at once; wait for "
            "`Retry-After` seconds"
        ),
    }


class Unavailable(ApiError):
    """A dependency failed. Nothing was changed, or the request is safe to repeat."""

    status, code, title = 503, "unavailable", "Temporarily unavailable, try again"
    codes: ClassVar = {
        "unavailable": (
            "a service that the API depends on does not respond; nothing was partially "
            "applied, try again (`Retry-After`)"
        ),
        "provider_unavailable": (
            "the identity provider does not respond as it should; try again, or log in another way"
        ),
    }
    always: ClassVar = {"Retry-After": "1"}
