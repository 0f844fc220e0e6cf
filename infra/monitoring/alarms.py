"""Generate CloudWatch alarms and a dashboard from the resources in a template.

A resource that is added to the stack gets its alarms automatically. Each alarm's description names
the section of docs/operations.md that explains what to do.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

Resources = dict[str, Any]
RUNBOOK = "docs/operations.md#"
_MINUTE = 60
_FREQUENT_SCHEDULES = {"rate(1 minute)", "rate(5 minutes)", "cron(0/5 * * * ? *)"}
_NAMESPACE = "TaskManager/${Stage}"
_APP_DIMENSIONS = {"service": "task-manager"}
# Seconds after which a message of a FIFO queue should have been taken. A run of webhook deliveries
# may be continued a few times.
_OLDEST_MESSAGE = {"LiveEvents": _MINUTE, "WebhookDeliveries": 15 * _MINUTE}
# CloudWatch calls a percentile an "extended statistic".
_P99 = "p99"


@dataclass(frozen=True)
class Alarm:
    """An alarm on one metric. `runbook` is the anchor of its section in the runbook."""

    name: str
    runbook: str
    namespace: str
    metric: str
    threshold: float
    dimensions: dict[str, Any] = field(default_factory=dict)
    statistic: str = "Sum"
    period: int = 5 * _MINUTE
    of_periods: tuple[int, int] = (1, 1)  # breaching periods, evaluated periods
    below: bool = False  # alarm below the threshold; missing data is breaching

    def to_resource(self) -> dict[str, Any]:
        """Return the alarm as a CloudFormation resource."""
        statistic = "ExtendedStatistic" if self.statistic == _P99 else "Statistic"
        comparison = "LessThanThreshold" if self.below else "GreaterThanOrEqualToThreshold"
        breaching, periods = self.of_periods
        properties = {
            "AlarmName": {"Fn::Sub": f"${{AWS::StackName}}-{self.name}"},
            "AlarmDescription": f"What to do: {RUNBOOK}{self.runbook}",
            "Namespace": _substitute(self.namespace),
            "MetricName": self.metric,
            "Dimensions": [{"Name": k, "Value": v} for k, v in self.dimensions.items()],
            statistic: self.statistic,
            "Period": self.period,
            "DatapointsToAlarm": breaching,
            "EvaluationPeriods": periods,
            "Threshold": self.threshold,
            "ComparisonOperator": comparison,
            "TreatMissingData": "breaching" if self.below else "notBreaching",
            "AlarmActions": [{"Ref": "AlarmTopic"}],
            "OKActions": [{"Ref": "AlarmTopic"}],
        }
        return {"Type": "AWS::CloudWatch::Alarm", "Properties": properties}


def create_alarms(resources: Resources) -> list[Alarm]:
    """Return the alarms on `resources`; grafana.py shows the same metrics in Grafana."""
    return [
        *_create_api_alarms(),
        *_create_function_alarms(resources),
        *_create_stream_alarms(resources),
        *_create_table_alarms(),
        *_create_mail_alarms(),
        *_create_schedule_alarms(resources),
        *_create_queue_alarms(resources),
    ]


def add_alarms(resources: Resources) -> None:
    """Add all alarms, and a dashboard of their metrics, to `resources`."""
    alarms = create_alarms(resources)
    resources |= {f"{alarm.name}Alarm": alarm.to_resource() for alarm in alarms}
    resources["Dashboard"] = _build_dashboard(alarms)


def _find_by_type(resources: Resources, kind: str) -> dict[str, dict[str, Any]]:
    return {name: r["Properties"] for name, r in resources.items() if r["Type"] == kind}


def find_functions(resources: Resources) -> dict[str, dict[str, Any]]:
    """Return the properties of every function by logical id."""
    return _find_by_type(resources, "AWS::Serverless::Function")


def _create_api_alarms() -> Iterator[Alarm]:
    gateway = {"ApiName": {"Ref": "AWS::StackName"}, "Stage": "v1"}
    yield Alarm("ApiErrors", "api-errors", "AWS/ApiGateway", "5XXError", 5, gateway)
    yield Alarm(
        "ApiLatency",
        "api-latency",
        "AWS/ApiGateway",
        "Latency",
        3000,
        gateway,
        statistic=_P99,
        of_periods=(3, 5),
    )


def _create_function_alarms(resources: Resources) -> Iterator[Alarm]:
    for name in find_functions(resources):
        by_name = {"FunctionName": {"Ref": name}}
        yield Alarm(f"{name}Errors", "function-errors", "AWS/Lambda", "Errors", 1, by_name)
        yield Alarm(f"{name}Throttles", "function-throttles", "AWS/Lambda", "Throttles", 1, by_name)


def _create_stream_alarms(resources: Resources) -> Iterator[Alarm]:
    for mapping in _find_by_type(resources, "AWS::Lambda::EventSourceMapping").values():
        name = mapping["FunctionName"]["Ref"]
        if "StartingPosition" not in mapping:  # of a queue
            continue
        yield Alarm(
            f"{name}IteratorAge",
            "stream-iterator-age",
            "AWS/Lambda",
            "IteratorAge",
            5 * _MINUTE * 1000,
            {"FunctionName": {"Ref": name}},
            statistic="Maximum",
        )


def _create_schedule_alarms(resources: Resources) -> Iterator[Alarm]:
    """Create alarms on missing invocations: a schedule that does not run causes no error."""
    for name, function in find_functions(resources).items():
        events = function.get("Events", {}).values()
        schedules = [event["Properties"].get("Schedule") for event in events]
        if _FREQUENT_SCHEDULES.isdisjoint(schedules):
            continue
        yield Alarm(
            f"{name}Missing",
            "schedule-missing",
            "AWS/Lambda",
            "Invocations",
            1,
            {"FunctionName": {"Ref": name}},
            period=15 * _MINUTE,
            below=True,
        )
    yield Alarm(
        "ReminderLag",
        "reminder-lag",
        "AWS/Lambda",
        "AsyncEventAge",
        15 * _MINUTE * 1000,
        {"FunctionName": {"Ref": "SendReminders"}},
        statistic="Maximum",
    )


def _create_queue_alarms(resources: Resources) -> Iterator[Alarm]:
    for name, queue in _find_by_type(resources, "AWS::SQS::Queue").items():
        by_name = {"QueueName": {"Fn::GetAtt": [name, "QueueName"]}}
        if queue.get("FifoQueue"):
            yield Alarm(
                f"{name}Age",
                f"{_to_kebab_case(name)}-age",
                "AWS/SQS",
                "ApproximateAgeOfOldestMessage",
                _OLDEST_MESSAGE[name],
                by_name,
                statistic="Maximum",
            )
            continue
        yield Alarm(
            name,
            "dead-letters-waiting",
            "AWS/SQS",
            "ApproximateNumberOfMessagesVisible",
            1,
            by_name,
            statistic="Maximum",
        )


def _create_table_alarms() -> Iterator[Alarm]:
    table = {"TableName": {"Ref": "Table"}}
    for kind in ("Read", "Write"):
        metric = f"{kind}ThrottleEvents"
        yield Alarm(f"Table{kind}Throttles", "table-throttles", "AWS/DynamoDB", metric, 10, table)


def _create_mail_alarms() -> Iterator[Alarm]:
    yield Alarm(
        "OutboxAge",
        "outbox-age",
        _NAMESPACE,
        "outbox_oldest_seconds",
        20 * _MINUTE,
        _APP_DIMENSIONS,
        statistic="Maximum",
    )
    for name, runbook, metric in (
        ("MailParked", "mail-parked", "mail_parked"),
        ("CountersDrifted", "counters-drifted", "counter_repair_drift"),
        ("SecretsNotRefreshed", "secrets-not-refreshed", "secrets_refresh_failed"),
        ("JobsOfUnknownKind", "jobs-of-unknown-kind", "jobs_unknown_kind"),
    ):
        yield Alarm(name, runbook, _NAMESPACE, metric, 1, _APP_DIMENSIONS)
    # SES reviews an account at twice this complaint rate, and pauses it at twice this bounce rate.
    for name, threshold in (("BounceRate", 0.05), ("ComplaintRate", 0.0005)):
        yield Alarm(
            name,
            "bounces-and-complaints",
            "AWS/SES",
            f"Reputation.{name}",
            threshold,
            statistic="Maximum",
            period=60 * _MINUTE,
        )


def group_by_metric(alarms: list[Alarm]) -> list[list[Alarm]]:
    """Return the alarms of each metric, which one graph shows, in the order of the alarms."""
    graphs: dict[tuple[str, str], list[Alarm]] = {}
    for alarm in alarms:
        graphs.setdefault((alarm.namespace, alarm.metric), []).append(alarm)
    return list(graphs.values())


def _build_dashboard(alarms: list[Alarm]) -> dict[str, Any]:
    """Build a dashboard with one graph per metric and one line per alarm."""
    widgets = [_build_widget(index, group) for index, group in enumerate(group_by_metric(alarms))]
    return {
        "Type": "AWS::CloudWatch::Dashboard",
        "Properties": {
            "DashboardName": {"Ref": "AWS::StackName"},
            "DashboardBody": {"Fn::Sub": json.dumps({"widgets": widgets}, sort_keys=True)},
        },
    }


def _build_widget(index: int, alarms: list[Alarm]) -> dict[str, Any]:
    first = alarms[0]
    return {
        "type": "metric",
        "width": 8,
        "height": 6,
        "x": 8 * (index % 3),
        "y": 6 * (index // 3),
        "properties": {
            "title": f"{first.namespace} {first.metric}",
            "region": "${AWS::Region}",
            "stat": first.statistic,
            "period": first.period,
            "metrics": [_build_metric(alarm) for alarm in alarms],
        },
    }


def _build_metric(alarm: Alarm) -> list[str]:
    dimensions = [text for k, v in alarm.dimensions.items() for text in (k, _to_variable(v))]
    return [alarm.namespace, alarm.metric, *dimensions]


def _to_kebab_case(name: str) -> str:
    return re.sub(r"\B([A-Z])", r"-\1", name).lower()


def _substitute(text: str) -> Any:
    return {"Fn::Sub": text} if "${" in text else text


def _to_variable(value: Any) -> str:
    """Return a dimension's value as a variable of `Fn::Sub`."""
    match value:
        case {"Ref": name}:
            return f"${{{name}}}"
        case {"Fn::GetAtt": [name, attribute]}:
            return f"${{{name}.{attribute}}}"
        case _:
            return str(value)
