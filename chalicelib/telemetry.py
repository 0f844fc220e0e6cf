"""Metrics and spans for an OpenTelemetry collector that runs beside the function.

A stage without telemetry never imports this module. The format is OTLP/HTTP with JSON
(https://opentelemetry.io/docs/specs/otlp/#otlphttp); the SDK would take longer to import than the
app, and batches in a thread that Lambda freezes. The collector, an extension in the same
environment, forwards everything after the response.
"""

import json
import secrets
import time
from collections.abc import Mapping
from http.client import HTTPConnection, HTTPException
from typing import Any
from urllib.parse import urlsplit

from chalicelib import settings

EXPORT_ERRORS = (OSError, HTTPException)
_TIMEOUT = 0.5  # seconds
_SCOPE = {"name": "task-manager"}
_DELTA = 1  # AGGREGATION_TEMPORALITY_DELTA
_SERVER, _ERROR = 2, 2  # SPAN_KIND_SERVER, STATUS_CODE_ERROR
# Metrics with this suffix are values at a time. The others are counts.
_GAUGE_SUFFIX = "_seconds"


def build_metrics(values: Mapping[str, int]) -> dict[str, Any]:
    """Return the message of metrics with these values at this moment."""
    now = time.time_ns()
    metrics = [_build_metric(name, value, now) for name, value in values.items()]
    scoped = {"scope": _SCOPE, "metrics": metrics}
    return {"resourceMetrics": [{"resource": _build_resource(), "scopeMetrics": [scoped]}]}


def build_span(request: Mapping[str, Any], status: int, trace: str | None) -> dict[str, Any]:
    """Return the message of the span of a request, from its arrival at API Gateway until now.

    `request` is the context that API Gateway passes, `trace` the id of its X-Ray trace. The span
    has the route, never the path, so it contains no id, query or address.
    """
    end = time.time_ns()
    arrived = int(request.get("requestTimeEpoch") or end // 1_000_000) * 1_000_000
    method, route = request.get("httpMethod"), request.get("resourcePath")
    span = {
        "traceId": _get_trace_id(trace),
        "spanId": secrets.token_hex(8),
        "name": f"{method} {route}",
        "kind": _SERVER,
        "startTimeUnixNano": str(min(arrived, end)),
        "endTimeUnixNano": str(end),
        "attributes": _build_attributes(
            {
                "http.request.method": str(method),
                "http.route": str(route),
                "http.response.status_code": status,
                "aws.request_id": str(request.get("requestId")),
            }
        ),
        "status": {"code": _ERROR} if status >= 500 else {},
    }
    scoped = {"scope": _SCOPE, "spans": [span]}
    return {"resourceSpans": [{"resource": _build_resource(), "scopeSpans": [scoped]}]}


def send_message(kind: str, message: dict[str, Any]) -> None:
    """Send a message, of the kind `metrics` or `traces`. Raises one of `EXPORT_ERRORS`."""
    collector = HTTPConnection(urlsplit(settings.OTLP_ENDPOINT).netloc, timeout=_TIMEOUT)
    headers = {"Content-Type": "application/json"}
    try:
        collector.request("POST", f"/v1/{kind}", json.dumps(message), headers)
        collector.getresponse().read()
    finally:
        collector.close()


def _build_metric(name: str, value: int, now: int) -> dict[str, Any]:
    point = {"asInt": str(value), "timeUnixNano": str(now)}
    if name.endswith(_GAUGE_SUFFIX):
        return {"name": name, "unit": "s", "gauge": {"dataPoints": [point]}}
    total = {"aggregationTemporality": _DELTA, "isMonotonic": True, "dataPoints": [point]}
    return {"name": name, "unit": "1", "sum": total}


def _build_resource() -> dict[str, Any]:
    names = {"service.name": "task-manager", "deployment.environment.name": settings.STAGE}
    return {"attributes": _build_attributes(names)}


def _build_attributes(values: Mapping[str, str | int]) -> list[dict[str, Any]]:
    return [
        {"key": key, "value": {"stringValue" if isinstance(value, str) else "intValue": value}}
        for key, value in values.items()
    ]


def _get_trace_id(trace: str | None) -> str:
    """Return the id of the X-Ray trace `1-<8 digits>-<24 digits>` as OpenTelemetry writes it."""
    return trace.removeprefix("1-").replace("-", "") if trace else secrets.token_hex(16)
