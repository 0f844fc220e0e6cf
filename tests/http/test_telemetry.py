"""Telemetry for OpenTelemetry: the spans of requests and the metrics of jobs, to a collector."""

import base64
import json
import os
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from google.protobuf import json_format
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from chalicelib import settings
from tests.support import Api, Person
from tests.threaded_server import run_in_thread

MESSAGES = {"/v1/traces": ExportTraceServiceRequest, "/v1/metrics": ExportMetricsServiceRequest}
TRACE = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=557abcec3ee5a047;Sampled=1"


class Collector(HTTPServer):
    """Takes OTLP with JSON and keeps the messages. It refuses what the protocol does not have."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.received: list[Any] = []

    @property
    def spans(self) -> list[Any]:
        traces = [each for each in self.received if isinstance(each, ExportTraceServiceRequest)]
        return [each.resource_spans[0].scope_spans[0].spans[0] for each in traces]

    @property
    def metrics(self) -> dict[str, Any]:
        kinds = [each for each in self.received if isinstance(each, ExportMetricsServiceRequest)]
        return {
            metric.name: metric
            for each in kinds
            for metric in each.resource_metrics[0].scope_metrics[0].metrics
        }


class _Handler(BaseHTTPRequestHandler):
    server: Collector

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        _encode_ids(body)
        self.server.received.append(json_format.ParseDict(body, MESSAGES[self.path]()))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        pass


def _encode_ids(value: Any) -> None:
    """Write the ids as JSON of Protobuf does, in base64: OTLP has them in hexadecimal digits."""
    if isinstance(value, list):
        for each in value:
            _encode_ids(each)
    elif isinstance(value, dict):
        for key, each in value.items():
            if key in ("traceId", "spanId"):
                value[key] = base64.b64encode(bytes.fromhex(each)).decode()
            else:
                _encode_ids(each)


@pytest.fixture
def collector() -> Iterator[Collector]:
    """A collector that the app exports to."""
    with run_in_thread(Collector()) as collector:
        settings.OTLP_ENDPOINT = f"http://127.0.0.1:{collector.server_port}"
        yield collector
        settings.OTLP_ENDPOINT = ""


@pytest.fixture
def traced() -> Iterator[None]:
    """Set the variable in which Lambda names the X-Ray trace of an invocation."""
    os.environ["_X_AMZN_TRACE_ID"] = TRACE
    yield
    del os.environ["_X_AMZN_TRACE_ID"]


@pytest.fixture
def no_collector() -> Iterator[None]:
    settings.OTLP_ENDPOINT = "http://127.0.0.1:9"
    yield
    settings.OTLP_ENDPOINT = ""


def _attributes(values: Any) -> dict[str, Any]:
    return {each.key: each.value.string_value or each.value.int_value for each in values}


def test_a_request_is_a_span_with_its_route(
    traced: None, ann: Person, collector: Collector
) -> None:
    task = ann.create_task(ann.create_project())["id"]
    assert ann.get(f"/api/tasks/{task}").status_code == 200
    span = collector.spans[-1]
    assert (span.name, span.kind) == ("GET /api/tasks/{task_id}", Span.SPAN_KIND_SERVER)
    attributes = _attributes(span.attributes)
    assert attributes["http.route"] == "/api/tasks/{task_id}"
    assert attributes["http.response.status_code"] == 200
    assert span.trace_id.hex() == "5759e988bd862e3fe1be46a994272793"
    assert len(span.span_id) == 8
    assert 0 < span.start_time_unix_nano <= span.end_time_unix_nano
    resource = _attributes(collector.received[-1].resource_spans[0].resource.attributes)
    assert resource == {"service.name": "task-manager", "deployment.environment.name": "test"}
    assert task not in str(collector.received)


def test_the_span_of_a_refused_request_is_no_error(anonymous: Api, collector: Collector) -> None:
    anonymous.get("/api/tasks")
    (span,) = collector.spans
    assert _attributes(span.attributes)["http.response.status_code"] == 401
    assert span.status.code == Status.STATUS_CODE_UNSET


def test_the_outcome_of_a_job_is_metrics(
    collector: Collector,
    invoke: Callable[[str, dict[str, Any]], Any],
    sample_event: Callable[[str], dict[str, Any]],
) -> None:
    invoke("tick", sample_event("tick"))
    age = collector.metrics["outbox_oldest_seconds"]
    assert (age.unit, age.gauge.data_points[0].as_int) == ("s", 0)


def test_a_collector_that_does_not_respond_changes_no_answer(
    no_collector: None, ann: Person
) -> None:
    assert ann.get("/api/auth/profile").status_code == 200
