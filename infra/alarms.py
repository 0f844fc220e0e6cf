"""The alarms and the dashboard of a template, worked out from the functions, streams and queues in
it: whatever is added to the stack is watched without anybody thinking of it.

Each alarm's description ends with the section of docs/operations.md that says what to do.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

Resources = dict[str, Any]
_RUNBOOK = "docs/operations.md#"
_MINUTE = 60
_OFTEN = {"rate(1 minute)", "rate(5 minutes)", "cron(0/5 * * * ? *)"}
_NAMESPACE = "TaskManager/${Stage}"
_APP = {"service": "task-manager"}
# In AWS's own words: what stands for a percentile is no ordinary statistic.
_P99 = "p99"


@dataclass(frozen=True)
class Alarm:
    """One metric, the bound it may not reach, and the section of the runbook."""

    name: str
    runbook: str
    namespace: str
    metric: str
    bound: float
    dimensions: dict[str, Any] = field(default_factory=dict)
    statistic: str = "Sum"
    period: int = 5 * _MINUTE
    of_periods: tuple[int, int] = (1, 1)  # so many of the last so many
    below: bool = False  # the bound is the least, and no data at all is a breach

    def resource(self) -> dict[str, Any]:
        statistic = "ExtendedStatistic" if self.statistic == _P99 else "Statistic"
        comparison = "LessThanThreshold" if self.below else "GreaterThanOrEqualToThreshold"
        breaching, periods = self.of_periods
        properties = {
            "AlarmName": {"Fn::Sub": f"${{AWS::StackName}}-{self.name}"},
            "AlarmDescription": f"What to do: {_RUNBOOK}{self.runbook}",
            "Namespace": _filled_in(self.namespace),
            "MetricName": self.metric,
            "Dimensions": [{"Name": k, "Value": v} for k, v in self.dimensions.items()],
            statistic: self.statistic,
            "Period": self.period,
            "DatapointsToAlarm": breaching,
            "EvaluationPeriods": periods,
            "Threshold": self.bound,
            "ComparisonOperator": comparison,
            "TreatMissingData": "breaching" if self.below else "notBreaching",
            "AlarmActions": [{"Ref": "AlarmTopic"}],
            "OKActions": [{"Ref": "AlarmTopic"}],
        }
        return {"Type": "AWS::CloudWatch::Alarm", "Properties": properties}


def watch(resources: Resources) -> None:
    """Add an alarm for each thing that can go wrong, and a dashboard of them all."""
    alarms = [*_api(), *_functions(resources), *_streams(resources), *_data(), *_mail()]
    alarms += [*_schedules(resources), *_queues(resources)]
    resources |= {f"{alarm.name}Alarm": alarm.resource() for alarm in alarms}
    resources["Dashboard"] = _dashboard(alarms)


def _of_type(resources: Resources, kind: str) -> dict[str, dict[str, Any]]:
    return {name: r["Properties"] for name, r in resources.items() if r["Type"] == kind}


def functions(resources: Resources) -> dict[str, dict[str, Any]]:
    """Logical name -> properties of every function."""
    return _of_type(resources, "AWS::Serverless::Function")


def _api() -> Iterator[Alarm]:
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


def _functions(resources: Resources) -> Iterator[Alarm]:
    for name in functions(resources):
        own = {"FunctionName": {"Ref": name}}
        yield Alarm(f"{name}Errors", "function-errors", "AWS/Lambda", "Errors", 1, own)
        yield Alarm(f"{name}Throttles", "function-throttles", "AWS/Lambda", "Throttles", 1, own)


def _streams(resources: Resources) -> Iterator[Alarm]:
    for mapping in _of_type(resources, "AWS::Lambda::EventSourceMapping").values():
        name = mapping["FunctionName"]["Ref"]
        yield Alarm(
            f"{name}IteratorAge",
            "stream-iterator-age",
            "AWS/Lambda",
            "IteratorAge",
            5 * _MINUTE * 1000,
            {"FunctionName": {"Ref": name}},
            statistic="Maximum",
        )


def _schedules(resources: Resources) -> Iterator[Alarm]:
    """A schedule that does not run makes no error: it is missed."""
    for name, function in functions(resources).items():
        rules = [
            event["Properties"].get("Schedule") for event in function.get("Events", {}).values()
        ]
        if _OFTEN.isdisjoint(rules):
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


def _queues(resources: Resources) -> Iterator[Alarm]:
    for name in _of_type(resources, "AWS::SQS::Queue"):
        yield Alarm(
            name,
            "dead-letters-waiting",
            "AWS/SQS",
            "ApproximateNumberOfMessagesVisible",
            1,
            {"QueueName": {"Fn::GetAtt": [name, "QueueName"]}},
            statistic="Maximum",
        )


def _data() -> Iterator[Alarm]:
    table = {"TableName": {"Ref": "Table"}}
    for way in ("Read", "Write"):
        metric = f"{way}ThrottleEvents"
        yield Alarm(f"Table{way}Throttles", "table-throttles", "AWS/DynamoDB", metric, 10, table)


def _mail() -> Iterator[Alarm]:
    yield Alarm(
        "OutboxAge",
        "outbox-age",
        _NAMESPACE,
        "backlog_mail_seconds",
        20 * _MINUTE,
        _APP,
        statistic="Maximum",
    )
    yield Alarm("MailParked", "mail-parked", _NAMESPACE, "mail_parked", 1, _APP)
    yield Alarm("CountersDrifted", "counters-drifted", _NAMESPACE, "recount_drift", 1, _APP)
    # Half of what makes SES review an account, and half of what makes it stop one's mail.
    for name, bound in (("BounceRate", 0.05), ("ComplaintRate", 0.0005)):
        yield Alarm(
            name,
            "bounces-and-complaints",
            "AWS/SES",
            f"Reputation.{name}",
            bound,
            statistic="Maximum",
            period=60 * _MINUTE,
        )


def _dashboard(alarms: list[Alarm]) -> dict[str, Any]:
    """One graph for each metric, with a line for each thing that is measured by it."""
    graphs: dict[tuple[str, str], list[Alarm]] = {}
    for alarm in alarms:
        graphs.setdefault((alarm.namespace, alarm.metric), []).append(alarm)
    widgets = [_graph(place, same) for place, same in enumerate(graphs.values())]
    return {
        "Type": "AWS::CloudWatch::Dashboard",
        "Properties": {
            "DashboardName": {"Ref": "AWS::StackName"},
            "DashboardBody": {"Fn::Sub": json.dumps({"widgets": widgets}, sort_keys=True)},
        },
    }


def _graph(place: int, alarms: list[Alarm]) -> dict[str, Any]:
    first = alarms[0]
    return {
        "type": "metric",
        "width": 8,
        "height": 6,
        "x": 8 * (place % 3),
        "y": 6 * (place // 3),
        "properties": {
            "title": f"{first.namespace} {first.metric}",
            "region": "${AWS::Region}",
            "stat": first.statistic,
            "period": first.period,
            "metrics": [_line(alarm) for alarm in alarms],
        },
    }


def _line(alarm: Alarm) -> list[str]:
    named = [text for k, v in alarm.dimensions.items() for text in (k, _in_text(v))]
    return [alarm.namespace, alarm.metric, *named]


def _filled_in(text: str) -> Any:
    return {"Fn::Sub": text} if "${" in text else text


def _in_text(value: Any) -> str:
    """A dimension's value inside the text that CloudFormation fills in."""
    match value:
        case {"Ref": name}:
            return f"${{{name}}}"
        case {"Fn::GetAtt": [name, attribute]}:
            return f"${{{name}.{attribute}}}"
        case _:
            return str(value)
