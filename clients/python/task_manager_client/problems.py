"""Failures of the API as exceptions."""

from dataclasses import dataclass
from typing import TypeVar

import httpx

T = TypeVar("T")


@dataclass
class ApiError(Exception):
    """A response with a status of at least 400, or a redirect to another origin.

    `code` is stable ("Errors" in the API's documentation); it is empty if the response is not of
    the API. `errors` has the message of each field that is not valid. `ticket` is for the second
    step of a login that was refused with `second_factor_required`; empty otherwise.
    """

    status: int
    code: str
    detail: str
    errors: dict[str, str]
    request_id: str
    ticket: str = ""

    def __str__(self) -> str:
        fields = "".join(f"; {name}: {message}" for name, message in self.errors.items())
        return f"{self.status} {self.code}: {self.detail}{fields}"


def read_problem(response: httpx.Response) -> ApiError:
    """Return the failure that the response describes (RFC 9457), or its status as a failure.

    The response may also be that of a proxy, with any body.
    """
    try:
        problem = response.json()
    except ValueError:
        problem = None
    if not isinstance(problem, dict):
        problem = {}
    errors = problem.get("errors")
    fields = [each for each in errors if isinstance(each, dict)] if isinstance(errors, list) else []
    return ApiError(
        status=response.status_code,
        code=str(problem.get("code", "")),
        detail=str(problem.get("detail", _describe(response))),
        errors={str(each.get("location")): str(each.get("message")) for each in fields},
        request_id=str(problem.get("request_id", "")),
        ticket=str(problem.get("ticket", "")),
    )


def _describe(response: httpx.Response) -> str:
    """Return the status in words, and where a redirect leads that is not followed."""
    location = response.headers.get("Location")
    return f"the address redirects to {location}" if location else response.reason_phrase


def expect(kind: type[T], answer: object) -> T:
    """Return the answer of a function of `api` as a `kind`, its type when it succeeds.

    Those functions declare every failure as a possible answer, but `connect` and `log_in` raise
    `ApiError` in place of it. Raises TypeError for another type.
    """
    if not isinstance(answer, kind):
        raise TypeError(f"expected {kind.__name__}, not {type(answer).__name__}")
    return answer
