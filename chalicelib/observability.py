"""The only logger, and the metrics of jobs.

Logs are JSON with the request id. They never contain a token, a body or an email address. The
names come from POWERTOOLS_SERVICE_NAME and POWERTOOLS_METRICS_NAMESPACE. There is no Tracer:
active tracing is a setting of the template, and the import of the X-Ray SDK costs more than the
whole app.
"""

import logging
import sys
import time
from logging import LogRecord
from typing import Any, NamedTuple

import msgspec

from chalicelib import settings
from chalicelib.deferred_imports import defer_imports

# The first searches events for a correlation id, which this app takes from API Gateway's request
# id. Only jobs have metrics, and nothing uses the tracer.
_DEFERRED: dict[str, dict[str, Any]] = {
    "aws_lambda_powertools.utilities.jmespath_utils": {},
    "aws_lambda_powertools.metrics": {"Metrics": object, "single_metric": object},
    "aws_lambda_powertools.tracing": {"Tracer": object},
}
with defer_imports(_DEFERRED):
    from aws_lambda_powertools.logging import Logger
    from aws_lambda_powertools.logging.formatter import (
        RESERVED_LOG_ATTRS,
        LambdaPowertoolsFormatter,
    )

_RECORD_ATTRIBUTES = frozenset(RESERVED_LOG_ATTRS)


class LineFormatter(LambdaPowertoolsFormatter):
    """Formats a record as the formatter of Powertools does, in a third of the time.

    A message stays text: Powertools parses each in case it is JSON.
    """

    def format(self, record: LogRecord) -> str:
        if record.exc_info or record.args or not isinstance(record.msg, str):
            return super().format(record)
        location, timestamp = f"{record.funcName}:{record.lineno}", self.formatTime(record)
        fields = {
            name: value for name, value in vars(record).items() if name not in _RECORD_ATTRIBUTES
        }
        return self.build_line(record.levelname, location, record.msg, timestamp, fields)

    def build_line(
        self, level: str, location: str, message: str, timestamp: str, fields: dict[str, Any]
    ) -> str:
        """Return a line with `fields` and those of the request, without those that are None."""
        line = {
            **self.log_format,
            "level": level,
            "location": location,
            "message": message,
            "timestamp": timestamp,
            "xray_trace_id": self._get_latest_trace_id(),
            **fields,
        }
        for name in [name for name, value in line.items() if value is None]:
            del line[name]
        return self.serialize(line)

    def serialize(self, log: Any) -> str:
        return msgspec.json.encode(log, enc_hook=str).decode()


# Nobody reads them; see "Optimization" in the logging how-to of Python.
logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
_formatter = LineFormatter()
logger = Logger(logger_formatter=_formatter)


class _Moment(NamedTuple):
    """The attributes of a log record that the formatter reads: seconds since 1970, milliseconds."""

    created: float
    msecs: float


def log_request(**fields: Any) -> None:
    """Write the log line of a completed request.

    It is a line of `logger.info`, which would look for its caller and make a record first: every
    request has this line (docs/decisions/0051-what-a-request-does-not-do.md).
    """
    if logger.log_level > logging.INFO:
        return
    seconds = time.time()
    timestamp = _formatter.formatTime(_Moment(seconds, seconds % 1 * 1000))  # type: ignore[arg-type]
    line = _formatter.build_line("INFO", "log_request", "request completed", timestamp, fields)
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def record_outcome(job: str, outcome: dict[str, int]) -> dict[str, int]:
    """Log the outcome of a job, record each count as a metric, and return the outcome."""
    from aws_lambda_powertools.metrics import Metrics, MetricUnit

    logger.info("run completed", job=job, outcome=outcome)
    metrics = Metrics()
    for name, count in outcome.items():
        metrics.add_metric(name=f"{job}_{name}", unit=MetricUnit.Count, value=count)
    if metrics.metric_set:
        metrics.flush_metrics()
    if settings.OTLP_ENDPOINT and outcome:
        from chalicelib import telemetry

        metrics_of_job = {f"{job}_{name}": count for name, count in outcome.items()}
        _export("metrics", telemetry.build_metrics(metrics_of_job))
    return outcome


def export_request(request: dict[str, Any], status: int) -> None:
    """Export the span of a request, of which API Gateway passed this context.

    Does nothing unless the stage exports telemetry (docs/deployment.md#opentelemetry).
    """
    if settings.OTLP_ENDPOINT:
        from chalicelib import telemetry

        trace_id = _formatter._get_latest_trace_id()
        _export("traces", telemetry.build_span(request, status, trace_id))


def _export(kind: str, message: dict[str, Any]) -> None:
    """Send a message to the collector. It is lost, and logged, if the collector fails."""
    from chalicelib import telemetry

    try:
        telemetry.send_message(kind, message)
    except telemetry.EXPORT_ERRORS as error:
        logger.warning("telemetry was not exported", kind=kind, reason=str(error))
