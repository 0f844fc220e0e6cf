"""The one logger and the one metrics object; nobody builds another.

Logs are JSON with the request id; they never carry a token, a body or an e-mail address.
Names come from POWERTOOLS_SERVICE_NAME and POWERTOOLS_METRICS_NAMESPACE. No Tracer: active
tracing is a setting of the template, and importing the X-Ray SDK costs more than the whole app.
"""

from aws_lambda_powertools.logging import Logger
from aws_lambda_powertools.metrics import Metrics, MetricUnit

logger = Logger()
metrics = Metrics()


def record_outcome(job: str, outcome: dict[str, int]) -> dict[str, int]:
    """Log what a job did, count it as metrics, and hand it on to whoever invoked the job."""
    logger.info("run completed", job=job, outcome=outcome)
    for name, count in outcome.items():
        metrics.add_metric(name=f"{job}_{name}", unit=MetricUnit.Count, value=count)
    if metrics.metric_set:
        metrics.flush_metrics()
    return outcome
