"""The outermost layer around the app: it applies to every response, also when the app fails.

Chalice answers some failures in its own format without CORS headers (405, an invalid event, an
error in middleware). Other failures escape and become a 502 of the gateway (a body that is not
JSON). So this layer adds problem details, CORS headers, security headers, rate limit headers and
the request id to every response.
"""

import importlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from chalice.app import Blueprint, Chalice, Response, RestAPIEventHandler

from chalicelib import settings
from chalicelib.access.rate_limits import get_source_bucket
from chalicelib.clock import now
from chalicelib.http import problems, rate_limits
from chalicelib.http.distribution import restore_viewer_request
from chalicelib.http.problems import MEDIA_TYPE
from chalicelib.http.responses import Headers
from chalicelib.observability import export_request, log_request, logger

# The headers of every response, unless a view sets another value.
DEFAULT_HEADERS: Headers = {
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    "strict-transport-security": "max-age=63072000; includeSubDomains",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "referrer-policy": "no-referrer",
    "access-control-expose-headers": (
        "ETag, Location, RateLimit, RateLimit-Policy, Retry-After, X-Request-Id"
    ),
    "vary": "Origin, Accept-Encoding",
}
PREFLIGHT = {
    "Access-Control-Allow-Headers": (
        "Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match"
    ),
    "Access-Control-Max-Age": "7200",
}

# For each path the modules with its routes. Packaging writes the file; it is not in the repository.
ROUTE_INDEX = Path(__file__).with_name("route_index.json")

Event = dict[str, Any]
# The response as API Gateway expects it: statusCode, headers, multiValueHeaders and body.
GatewayResponse = dict[str, Any]


class RestHandler(RestAPIEventHandler):
    """Chalice's handler of requests, without what this app does not use.

    For each request, Chalice builds a chain of middleware, and compares types with those of binary
    bodies. This app has one middleware (see `TaskManagerApp`) and no binary bodies.
    """

    def __call__(self, event: Event, context: Any) -> GatewayResponse:
        try:
            response = self._main_rest_api_handler(event, context)
        except Exception:
            response = self._unhandled_exception_to_response()
        return response.to_dict()

    def _validate_binary_response(self, *_: object) -> bool:
        return True


class TaskManagerApp(Chalice):
    """The Chalice app with the envelope around it.

    A process that serves a few paths does not import the routes of all others: with a route index,
    a module is imported on the first request to one of its paths. Chalice, the server of `make run`
    and the tests have no index and import all modules at once.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._modules_of_paths: dict[str, list[str]] = {}
        self._imported: set[str] = set()
        # The fields of the Lambda context become part of each log line of the request.
        self._respond = logger.inject_lambda_context(self._call_view)

    def add_routes(self, modules: Iterable[str], *, later: Iterable[str]) -> None:
        """Add the routes of the Blueprint `bp` of each module.

        With a route index, those of the modules `later` are added on the first request.
        """
        if ROUTE_INDEX.exists():
            self._modules_of_paths = json.loads(ROUTE_INDEX.read_bytes())
        else:
            modules = (*modules, *later)
        for module in modules:
            self._add_routes_of(module)

    def _add_routes_of(self, module: str) -> None:
        """Import the module once; add its routes, and a route for OPTIONS to each new path."""
        if module in self._imported:
            return
        self.register_blueprint(importlib.import_module(module).bp)
        self._imported.add(module)
        preflights = Blueprint(__name__)
        for path, methods in self.routes.items():
            if "OPTIONS" not in methods:
                view = self._build_preflight_view(path)
                preflights.route(path, methods=["OPTIONS"], name=path)(view)
        self.register_blueprint(preflights)

    def _build_preflight_view(self, path: str) -> Any:
        """Return the view for OPTIONS; Chalice's own allows only one origin."""

        def preflight(**_: str) -> Response:
            methods = ", ".join(sorted(self.routes[path].keys() - {"OPTIONS"}))
            return Response("", {**PREFLIGHT, "Access-Control-Allow-Methods": methods}, 204)

        return preflight

    def __call__(self, event: Event, context: Any) -> GatewayResponse:
        is_valid = isinstance(event, dict)
        # What the gateway knows about the request; empty for an invalid event.
        request = (event.get("requestContext") if is_valid else None) or {}
        request_id = str(request.get("requestId") or getattr(context, "aws_request_id", ""))
        logger.set_correlation_id(request_id)
        try:
            if request:
                request = restore_viewer_request(event)
            for module in self._modules_of_paths.get(request.get("resourcePath", ""), ()):
                self._add_routes_of(module)
            response: GatewayResponse = self._respond(event, context)
        except Exception:
            logger.exception("unhandled error")
            response = {"statusCode": 500, "headers": {}, "multiValueHeaders": {}, "body": ""}
        if response["statusCode"] >= 400:
            response = _as_problem(response, request_id)

        sent = (event.get("headers") if is_valid else None) or {}
        headers: Headers = {
            **DEFAULT_HEADERS,
            "x-request-id": request_id,
            **_find_allowed_origin(sent),
            **{name.lower(): value for name, value in response["headers"].items()},
        }
        if "ratelimit" not in headers:
            headers |= _source_limit_headers(request)
        # Chalice's local server looks up this one name in its usual spelling.
        if "content-type" in headers:
            headers["Content-Type"] = headers.pop("content-type")
        response["headers"] = headers
        # No query, no body and no address: they can contain personal data.
        log_request(
            method=request.get("httpMethod"),
            path=request.get("resourcePath"),
            status=response["statusCode"],
        )
        export_request(request, response["statusCode"])
        return response

    def _call_view(self, event: Event, context: Any) -> GatewayResponse:
        """Call the view of the request, as Chalice does in `__call__`, with a shorter handler."""
        self.lambda_context = context
        handler = RestHandler(self.routes, self.api, self.log, self.debug)
        self.current_request = handler.create_request_object(event, context)
        return handler(event, context)


def _as_problem(response: GatewayResponse, request_id: str) -> GatewayResponse:
    """Return a failure as problem details with the request id."""
    headers = response["headers"]
    if headers.get("Content-Type") == MEDIA_TYPE:
        problem: dict[str, Any] = json.loads(response["body"])
    else:
        problem = problems.build_status_problem(response["statusCode"])
    body = json.dumps(problem | {"request_id": request_id})
    return {**response, "headers": {**headers, "Content-Type": MEDIA_TYPE}, "body": body}


def _find_allowed_origin(request_headers: dict[str, str]) -> Headers:
    """Return the header that allows the web client's origin to read the response."""
    allowed = settings.ALLOWED_ORIGINS
    origins = (value for name, value in request_headers.items() if name.lower() == "origin")
    origin = "*" if "*" in allowed else next(origins, "")
    return {"access-control-allow-origin": origin} if origin in allowed else {}


def _source_limit_headers(request: dict[str, Any]) -> Headers:
    """Return the rate limit headers of the source address, for a response without the gate's.

    This takes no request from the source's bucket.
    """
    kind = rate_limits.get_request_kind(request.get("httpMethod"))
    bucket = get_source_bucket(rate_limits.find_source_address(request), kind)
    headers = rate_limits.rate_limit_headers(bucket, now())
    return {name.lower(): value for name, value in headers.items()}
