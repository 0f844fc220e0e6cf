"""The outermost envelope around the app: what holds for every answer, whatever happens inside.

Chalice answers some failures in its own shape, without CORS (405, a bad event, an error in
middleware), and lets others escape as a gateway's 502 (a body that is no JSON). So the last word is
here: problem details, CORS, security headers, limits and the request id on everything.
"""

import json
from typing import Any

from chalice.app import Blueprint, Chalice, Response

from chalicelib import settings
from chalicelib.access.rate_limits import get_source_bucket
from chalicelib.clock import now
from chalicelib.http import problems, rate_limits
from chalicelib.http.problems import MEDIA_TYPE
from chalicelib.http.responses import Headers
from chalicelib.observability import logger

SECURITY = {
    "X-Content-Type-Options": "nosniff",
    "Strict-Transport-Security": "max-age=63072000; includeSubDomains",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
}
EXPOSED = "ETag, Location, RateLimit, RateLimit-Policy, Retry-After, X-Request-Id"
PREFLIGHT = {
    "Access-Control-Allow-Headers": (
        "Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match"
    ),
    "Access-Control-Max-Age": "7200",
}

Event = dict[str, Any]
Answer = dict[str, Any]


class TaskManagerApp(Chalice):
    """Chalice in the envelope."""

    def __call__(self, event: Event, context: Any) -> Answer:
        request_id = _request_id(event, context)
        logger.set_correlation_id(request_id)
        answer = _as_problem(self._answer(event, context), request_id)
        headers = {name.lower(): value for name, value in answer["headers"].items()}
        answer["headers"] = _spelled(_envelope(event, request_id) | headers)
        _log(event, answer)
        return answer

    def _answer(self, event: Event, context: Any) -> Answer:
        try:
            answer: Answer = super().__call__(event, context)
            return answer
        except Exception:
            logger.exception("unhandled error")
            return {"statusCode": 500, "headers": {}, "multiValueHeaders": {}, "body": ""}

    def answer_preflights(self) -> None:
        """Give each path an OPTIONS route of our own: Chalice's is a mock that knows one origin.
        Call it after the last Blueprint."""
        preflights = Blueprint(__name__)
        for path, methods in self.routes.items():
            preflights.route(path, methods=["OPTIONS"], name=path)(_preflight(sorted(methods)))
        self.register_blueprint(preflights)


def _preflight(methods: list[str]) -> Any:
    headers: Headers = {**PREFLIGHT, "Access-Control-Allow-Methods": ", ".join(methods)}

    def preflight(**_: str) -> Response:
        return Response("", headers, 204)

    return preflight


def _request_id(event: Event, context: Any) -> str:
    return str(_request_in(event).get("requestId") or getattr(context, "aws_request_id", ""))


def _request_in(event: Event) -> dict[str, Any]:
    """What the gateway knows of the request; nothing for an event that makes no sense."""
    return (event.get("requestContext") if isinstance(event, dict) else None) or {}


def _as_problem(answer: Answer, request_id: str) -> Answer:
    """Failures in the one shape, with the request id; anything else as it is."""
    if answer["statusCode"] < 400:
        return answer
    headers = {name: value for name, value in answer["headers"].items() if name != "Content-Type"}
    body = _problem_in(answer) | {"request_id": request_id}
    headers["Content-Type"] = MEDIA_TYPE
    return {**answer, "headers": headers, "body": json.dumps(body)}


def _problem_in(answer: Answer) -> dict[str, Any]:
    if answer["headers"].get("Content-Type") == MEDIA_TYPE:
        body: dict[str, Any] = json.loads(answer["body"])
        return body
    return problems.build_status_problem(answer["statusCode"])


def _envelope(event: Event, request_id: str) -> Headers:
    headers: Headers = {"Cache-Control": "no-store", "X-Request-Id": request_id}
    headers |= SECURITY | _cors(event) | _limits(event)
    return {name.lower(): value for name, value in headers.items()}


def _limits(event: Event) -> Headers:
    """What stays on answers that the gate knows nothing of; these take nothing from it."""
    request = _request_in(event)
    kind = rate_limits.get_request_kind(request.get("httpMethod"))
    return rate_limits.rate_limit_headers(
        get_source_bucket(rate_limits.find_source_address(request), kind), now()
    )


def _spelled(headers: Headers) -> Headers:
    """Lower case, but for the one name that Chalice's own server looks for in its own spelling."""
    return {"Content-Type" if name == "content-type" else name: headers[name] for name in headers}


def _cors(event: Event) -> dict[str, str]:
    headers = {"Access-Control-Expose-Headers": EXPOSED, "Vary": "Origin"}
    if "*" in settings.ALLOWED_ORIGINS:
        return headers | {"Access-Control-Allow-Origin": "*"}
    origin = _header(event, "origin")
    if origin in settings.ALLOWED_ORIGINS:
        return headers | {"Access-Control-Allow-Origin": str(origin)}
    return headers


def _header(event: Event, wanted: str) -> str | None:
    headers = event.get("headers") if isinstance(event, dict) else None
    found = (value for name, value in (headers or {}).items() if name.lower() == wanted)
    return next(found, None)


def _log(event: Event, answer: Answer) -> None:
    """One line for each request: method, path and status; no query, no body, no address."""
    request = _request_in(event)
    logger.info(
        "request completed",
        method=request.get("httpMethod"),
        path=request.get("resourcePath"),
        status=answer["statusCode"],
    )
