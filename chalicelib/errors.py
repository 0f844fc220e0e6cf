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
        self.headers = headers or {}


class BadRequest(ApiError):
    status, code, title = 400, "bad_request", "The request cannot be read"


class Unauthenticated(ApiError):
    status, code, title = 401, "unauthenticated", "A valid access token is needed"


class Forbidden(ApiError):
    status, code, title = 403, "forbidden", "Your role does not allow this"


class NotFound(ApiError):
    status, code, title = 404, "not_found", "There is no such object"


def there(row: T | None) -> T:
    """What was looked for. Raises `NotFound` if there is none."""
    if row is None:
        raise NotFound()
    return row


class Conflict(ApiError):
    status, code, title = 409, "conflict", "The object's state does not allow this"


class Gone(ApiError):
    status, code, title = 410, "gone", "It is kept no longer"


class PreconditionFailed(ApiError):
    status, code, title = 412, "precondition_failed", "The object has changed since you read it"


class PayloadTooLarge(ApiError):
    status, code, title = 413, "payload_too_large", "The body is too large"


class UnsupportedMediaType(ApiError):
    status, code, title = 415, "unsupported_media_type", "Send application/json"


class Invalid(ApiError):
    status, code, title = 422, "invalid", "Some fields are not valid"


class TooManyRequests(ApiError):
    status, code, title = 429, "too_many_requests", "Too many requests"


class Unavailable(ApiError):
    """A dependency failed; nothing was changed, or what was changed is safe to send again."""

    status, code, title = 503, "unavailable", "Temporarily unavailable, try again"
