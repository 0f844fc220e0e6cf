"""The only logger and the only metrics object.

Logs are JSON with the request id. They never contain a token, a body or an email address. The
names come from POWERTOOLS_SERVICE_NAME and POWERTOOLS_METRICS_NAMESPACE. There is no Tracer:
active tracing is a setting of the template, and the import of the X-Ray SDK costs more than the
whole app.
"""

from aws_lambda_powertools.logging import Logger
from aws_lambda_powertools.metrics import Metrics, MetricUnit

logger = Logger()
metrics = Metrics()


def record_outcome(job: str, outcome: dict[str, int]) -> dict[str, int]:
    """Log the outcome of a job, record each count as a metric, and return the outcome."""
    logger.info("run completed", job=job, outcome=outcome)
    for name, count in outcome.items():
        metrics.add_metric(name=f"{job}_{name}", unit=MetricUnit.Count, value=count)
    if metrics.metric_set:
        metrics.flush_metrics()
    return outcome
