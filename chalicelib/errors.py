"""The failures a caller can provoke, each with its status and its stable code.

ApiError
 +-- BadRequest          400  the request cannot be read
 +-- Unauthenticated     401  nobody, or nobody any more, stands behind the token
 +-- Forbidden           403  the caller sees the object but may not do this to it
 +-- NotFound            404  no such object, or none the caller may see: the same answer
 +-- Conflict            409  the object's state does not allow it
 +-- Gone                410  it was there, and is kept no longer
 +-- PreconditionFailed  412  the object changed since the caller read it
 +-- PayloadTooLarge     413
 +-- UnsupportedMediaType 415
 +-- Invalid             422  readable, but fields are wrong; every one is named
 +-- TooManyRequests     429
 +-- Unavailable         503  something we depend on does not answer; safe to try again
"""

from dataclasses import dataclass
from typing import ClassVar, TypeVar

T = TypeVar("T")


@dataclass(frozen=True)
class FieldError:
    """One thing wrong with a request: where it stands and how to mend it."""

    location: str
    message: str


class ApiError(Exception):
    """Base of all. `code` is stable and part of the contract; `detail` is for people."""

    status: ClassVar[int]
    code: ClassVar[str]
    title: ClassVar[str]
    codes: ClassVar[
        dict[str, str]
    ]  # when each is met, as docs/api.md says it; `code` is among them
    always: ClassVar[dict[str, str]] = {}  # headers that every error of the kind is sent with

    def __init__(
        self,
        detail: str = "",
        *,
        code: str = "",
        errors: tuple[FieldError, ...] = (),
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(detail or self.title)
        self.detail = detail or self.title
        self.stable_code = code or self.code
        self.errors = errors
        self.headers = {**self.always, **(headers or {})}


class BadRequest(ApiError):
    status, code, title = 400, "bad_request", "The request cannot be read"
    codes: ClassVar = {
        "bad_request": (
            "the request cannot be read; a query parameter is wrong, unknown or given twice"
        ),
        "invalid_json": (
            "the body is no JSON object, or has a name twice, a number that is none or too large, "
            "or is nested too deep; `errors` names the place where there is one"
        ),
        "invalid_cursor": "the cursor was changed, or is of another list or caller",
        "invalid_if_match": "`If-Match` is neither `*` nor one `ETag` as this API gives them out",
        "invalid_key": "`Idempotency-Key` is empty or longer than 255 characters",
    }


class Unauthenticated(ApiError):
    status, code, title = 401, "unauthenticated", "A valid access token is needed"
    codes: ClassVar = {
        "unauthenticated": "no token, a bad one, or its session, account or API token has ended",
        "bad_credentials": "log in: address or password is wrong (the same answer for both)",
        "account_disabled": "log in: the password is right, but site staff disabled the account",
        "refresh_reuse": "refresh: this token was used before; its session has ended now",
    }
    always: ClassVar = {"WWW-Authenticate": 'Bearer realm="task-manager"'}


class Forbidden(ApiError):
    status, code, title = 403, "forbidden", "Your role does not allow this"
    codes: ClassVar = {
        "forbidden": "your role does not allow this, or it is for site staff",
        "scope_missing": (
            "the API token lacks the scope, is limited to other projects, or no API token may "
            "do this; `detail` says which"
        ),
    }


class NotFound(ApiError):
    status, code, title = 404, "not_found", "There is no such object"
    codes: ClassVar = {
        "not_found": "there is no such object, or none that you may see",
    }


def there(row: T | None) -> T:
    """What was looked for. Raises `NotFound` if there is none."""
    if row is None:
        raise NotFound()
    return row


class Conflict(ApiError):
    status, code, title = 409, "conflict", "The object's state does not allow this"
    codes: ClassVar = {
        "conflict": "the object's state does not allow this; the codes below say more",
        "email_taken": "register: somebody has it, in whatever spelling",
        "username_taken": "register: somebody has it, in whatever spelling",
        "already_member": "this person is in the project",
        "already_invited": (
            "this address has an invitation to the project; send it again or revoke it"
        ),
        "archived": "the project can only be read; unarchive it first",
        "ambiguous_key": "several of your projects have this key; name the task by its id",
        "has_subtasks": "the task has sub-tasks; delete or move them first",
        "name_taken": "the project has a label of this name",
        "last_owner": (
            "the owner cannot leave, be removed or get another role; transfer the project first"
        ),
        "owns_projects": (
            "leave the service: you still own projects; `errors` names each as `projects.<id>`"
        ),
        "upload_missing": "the file has not arrived, or not as announced",
        "upload_over": (
            "this upload is confirmed, deleted or was given up after a day; announce a new one"
        ),
        "busy": "another one of the kind, for something else, is being made for you",
        "job_not_done": "what you want to fetch is still being made, or could not be",
        "job_failed": "what you want to fetch is still being made, or could not be",
        "no_room": (
            "the files of the task or the project would be too many or too large; `detail` "
            "says of which"
        ),
    }


class Gone(ApiError):
    status, code, title = 410, "gone", "It is kept no longer"
    codes: ClassVar = {
        "cursor_expired": (
            "the cursor of [changes](#changes) is older than 30 days; begin again without it"
        ),
        "gone": "it is kept no longer",
    }


class PreconditionFailed(ApiError):
    status, code, title = 412, "precondition_failed", "The object has changed since you read it"
    codes: ClassVar = {
        "precondition_failed": "the object has changed since the version in `If-Match`",
    }


class PayloadTooLarge(ApiError):
    status, code, title = 413, "payload_too_large", "The body is too large"
    codes: ClassVar = {
        "payload_too_large": "the body is over 256 KiB",
    }


class UnsupportedMediaType(ApiError):
    status, code, title = 415, "unsupported_media_type", "Send application/json"
    codes: ClassVar = {
        "unsupported_media_type": "the body is not declared as JSON",
    }


class Invalid(ApiError):
    status, code, title = 422, "invalid", "Some fields are not valid"
    codes: ClassVar = {
        "invalid": "fields are wrong, missing or unknown; `errors` names each",
        "invalid_token": "a token from a mail is wrong, used, replaced or run out",
        "wrong_password": "the present password, which this change asks for, is wrong",
        "idempotency_key_reused": "this key was used for another request",
    }


class TooManyRequests(ApiError):
    status, code, title = 429, "too_many_requests", "Too many requests"
    codes: ClassVar = {
        "rate_limited": (
            "you, or your address without a token, made more requests in a minute than "
            "[the limit](#limits); wait for `Retry-After` seconds"
        ),
        "too_many_requests": (
            "[too many tries](#throttling), or too many requests at once; wait for "
            "`Retry-After` seconds"
        ),
    }


class Unavailable(ApiError):
    """A dependency failed; nothing was changed, or what was changed is safe to send again."""

    status, code, title = 503, "unavailable", "Temporarily unavailable, try again"
    codes: ClassVar = {
        "unavailable": (
            "something we depend on does not answer; nothing was half done, try again "
            "(`Retry-After`)"
        ),
    }
    always: ClassVar = {"Retry-After": "1"}


# What the app cannot say of itself: the framework or the gateway answers it, or something has
# failed.
OTHERS = {
    405: {
        "method_not_allowed": "the path is there, the method is not; `Allow` names those that are",
    },
    500: {
        "internal_server_error": "a defect of ours; quote the `request_id`",
    },
    504: {
        "timeout": (
            "the gateway waited in vain; what was asked may be done all the same: look, or send it "
            "again with its `Idempotency-Key`"
        ),
    },
}
