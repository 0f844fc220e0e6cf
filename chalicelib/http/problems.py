"""Failures as RFC 9457 problem details: one format for every status from 400 up."""

from typing import Any

from msgspec import UNSET, Struct, UnsetType

from chalicelib.errors import ApiError

MEDIA_TYPE = "application/problem+json"


class FieldProblem(Struct):
    """One error in a request: where it is and how to fix it."""

    location: str
    message: str


class Problem(Struct):
    """A failure. `code` is stable; the texts may change."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    request_id: str | UnsetType = UNSET
    errors: list[FieldProblem] | UnsetType = UNSET


def build_problem(status: int, code: str, title: str, detail: str, **more: Any) -> dict[str, Any]:
    """Return the body of a failure. `code` is stable; the texts may change."""
    return {
        "type": f"urn:task-manager:problem:{code}",
        "title": title,
        "status": status,
        "detail": detail,
        "code": code,
        **more,
    }


def build_error_problem(error: ApiError) -> dict[str, Any]:
    """Return the body of a failure that the app raised; `errors` only when fields are wrong."""
    errors = [{"location": each.location, "message": each.message} for each in error.errors]
    more = {**({"errors": errors} if errors else {}), **error.extensions}
    return build_problem(error.status, error.stable_code, error.title, error.detail, **more)


def build_status_problem(status: int) -> dict[str, Any]:
    """Return the body of a failure of which only the status is known."""
    from http import HTTPStatus

    phrase = HTTPStatus(status).phrase
    code = phrase.lower().replace(" ", "_")
    return build_problem(status, code, phrase, phrase)
