"""The outermost layer around the app: it applies to every response, also when the app fails.

Chalice answers some failures in its own format without CORS headers (405, an invalid event, an
error in middleware). Other failures escape and become a 502 of the gateway (a body that is not
JSON). So this layer adds problem details, CORS headers, security headers, rate limit headers and
the request id to every response.
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
# The response as API Gateway expects it: statusCode, headers, multiValueHeaders and body.
GatewayResponse = dict[str, Any]


class TaskManagerApp(Chalice):
    """The Chalice app with the envelope around it."""

    def __call__(self, event: Event, context: Any) -> GatewayResponse:
        is_valid = isinstance(event, dict)
        # What the gateway knows about the request; empty for an invalid event.
        request = (event.get("requestContext") if is_valid else None) or {}
        request_id = str(request.get("requestId") or getattr(context, "aws_request_id", ""))
        logger.set_correlation_id(request_id)
        try:
            response: GatewayResponse = super().__call__(event, context)
        except Exception:
            logger.exception("unhandled error")
            response = {"statusCode": 500, "headers": {}, "multiValueHeaders": {}, "body": ""}
        if response["statusCode"] >= 400:
            response = _as_problem(response, request_id)

        sent = (event.get("headers") if is_valid else None) or {}
        defaults: Headers = {"Cache-Control": "no-store", "X-Request-Id": request_id}
        defaults |= SECURITY | _cors_headers(sent) | _source_limit_headers(request)
        headers: Headers = {}
        for name, value in (*defaults.items(), *response["headers"].items()):
            lower = name.lower()
            # Chalice's local server looks up this one name in its usual spelling.
            headers["Content-Type" if lower == "content-type" else lower] = value
        response["headers"] = headers
        # No query, no body and no address: they can contain personal data.
        logger.info(
            "request completed",
            method=request.get("httpMethod"),
            path=request.get("resourcePath"),
            status=response["statusCode"],
        )
        return response

    def answer_preflights(self) -> None:
        """Add an OPTIONS route to each path; Chalice's own allows only one origin.

        Call it after the last Blueprint is registered.
        """
        preflights = Blueprint(__name__)
        for path, methods in self.routes.items():
            view = _build_preflight_view(sorted(methods))
            preflights.route(path, methods=["OPTIONS"], name=path)(view)
        self.register_blueprint(preflights)


def _build_preflight_view(methods: list[str]) -> Any:
    headers: Headers = {**PREFLIGHT, "Access-Control-Allow-Methods": ", ".join(methods)}

    def preflight(**_: str) -> Response:
        return Response("", headers, 204)

    return preflight


def _as_problem(response: GatewayResponse, request_id: str) -> GatewayResponse:
    """Return a failure as problem details with the request id."""
    headers = response["headers"]
    if headers.get("Content-Type") == MEDIA_TYPE:
        problem: dict[str, Any] = json.loads(response["body"])
    else:
        problem = problems.build_status_problem(response["statusCode"])
    body = json.dumps(problem | {"request_id": request_id})
    return {**response, "headers": {**headers, "Content-Type": MEDIA_TYPE}, "body": body}


def _cors_headers(request_headers: dict[str, str]) -> Headers:
    headers: Headers = {"Access-Control-Expose-Headers": EXPOSED, "Vary": "Origin"}
    allowed = settings.ALLOWED_ORIGINS
    origins = (value for name, value in request_headers.items() if name.lower() == "origin")
    origin = "*" if "*" in allowed else next(origins, "")
    if origin in allowed:
        headers["Access-Control-Allow-Origin"] = origin
    return headers


def _source_limit_headers(request: dict[str, Any]) -> Headers:
    """Return the rate limit headers of the source address; the gate's headers replace them.

    This takes no request from the source's bucket.
    """
    kind = rate_limits.get_request_kind(request.get("httpMethod"))
    bucket = get_source_bucket(rate_limits.find_source_address(request), kind)
    return rate_limits.rate_limit_headers(bucket, now())
