"""The Grafana dashboard: the metrics of the CloudWatch dashboard, and nothing that is not there."""

import json
import re
from typing import Any

import pytest

from infra.monitoring.alarms import Alarm, create_alarms
from infra.monitoring.dashboard_pictures import draw_pictures
from infra.monitoring.grafana import build_grafana_dashboard, make_resolver
from infra.stage import load_stage

Template = dict[str, Any]
# Namespace -> the resources that report to it by one of these dimensions, and their metrics, as
# the user guides of the services list them. The last two have no resource of this stack.
AWS_METRICS = {
    "AWS/ApiGateway": ({"ApiName", "Stage"}, {"5XXError", "Latency"}),
    "AWS/Lambda": (
        {"FunctionName"},
        {"AsyncEventAge", "Errors", "Invocations", "IteratorAge", "Throttles"},
    ),
    "AWS/DynamoDB": ({"TableName"}, {"ReadThrottleEvents", "WriteThrottleEvents"}),
    "AWS/SQS": (
        {"QueueName"},
        {"ApproximateAgeOfOldestMessage", "ApproximateNumberOfMessagesVisible"},
    ),
    "AWS/SES": (set(), {"Reputation.BounceRate", "Reputation.ComplaintRate"}),
}


@pytest.fixture(scope="module")
def alarms(resources: Template) -> list[Alarm]:
    return create_alarms(resources)


@pytest.fixture(scope="module")
def panels(resources: Template, alarms: list[Alarm]) -> list[dict[str, Any]]:
    """The panels of prod, in which each resource is named by its logical id."""
    resolve = make_resolver(load_stage("prod"), {name: name for name in resources})
    dashboard = build_grafana_dashboard(alarms, "task-manager-prod", "eu-west-1", resolve)
    return list(json.loads(json.dumps(dashboard))["panels"])


def _queries(panels: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [query for panel in panels for query in panel["targets"]]


def test_it_shows_the_metrics_of_the_cloudwatch_dashboard(
    panels: list[dict[str, Any]], resources: Template
) -> None:
    body = json.loads(resources["Dashboard"]["Properties"]["DashboardBody"]["Fn::Sub"])
    lines = [tuple(line) for each in body["widgets"] for line in each["properties"]["metrics"]]
    names = {"AWS::StackName": "task-manager-prod", "Stage": "prod"}
    cloudwatch = {
        tuple(
            re.sub(r"\$\{([\w:]+?)(\.\w+)?\}", lambda found: names.get(found[1], found[1]), text)
            for text in line
        )
        for line in lines
    }
    grafana = {
        (query["namespace"], query["metricName"], *sum(query["dimensions"].items(), ()))
        for query in _queries(panels)
    }
    assert grafana == cloudwatch
    assert len(panels) == len(body["widgets"])


def test_each_query_of_an_aws_metric_names_a_resource_of_the_template(
    panels: list[dict[str, Any]], resources: Template
) -> None:
    for query in _queries(panels):
        if query["namespace"] == "TaskManager/prod":
            continue
        dimensions, metrics = AWS_METRICS[query["namespace"]]
        assert query["metricName"] in metrics
        assert set(query["dimensions"]) == dimensions
        known = {*resources, "task-manager-prod", "v1"}
        assert set(query["dimensions"].values()) <= known


def test_each_query_of_an_own_metric_names_one_that_an_alarm_watches(
    panels: list[dict[str, Any]], resources: Template
) -> None:
    """`test_custom_metrics_with_an_alarm_are_reported_by_the_code` compares those with the code."""
    watched = {
        each["Properties"]["MetricName"]
        for each in resources.values()
        if each["Type"] == "AWS::CloudWatch::Alarm"
    }
    own = {
        query["metricName"]
        for query in _queries(panels)
        if query["namespace"] == "TaskManager/prod"
    }
    assert own
    assert own <= watched


def test_a_panel_shows_the_threshold_and_the_section_of_the_runbook(
    panels: list[dict[str, Any]],
) -> None:
    panel = next(each for each in panels if each["title"] == "AWS/ApiGateway Latency")
    steps = panel["fieldConfig"]["defaults"]["thresholds"]["steps"]
    assert steps == [{"color": "green", "value": None}, {"color": "red", "value": 3000}]
    assert panel["description"] == "What to do: docs/operations.md#api-latency"
    missing = next(each for each in panels if each["title"] == "AWS/Lambda Invocations")
    steps = missing["fieldConfig"]["defaults"]["thresholds"]["steps"]
    assert [step["color"] for step in steps] == ["red", "green"]
    ids = [query["refId"] for query in missing["targets"]]
    assert len(set(ids)) == len(ids)


def test_the_pictures_show_the_dashboards_as_they_are() -> None:
    for path, picture in draw_pictures().items():
        assert path.read_text() == picture, "run: python -m infra.monitoring.dashboard_pictures"
