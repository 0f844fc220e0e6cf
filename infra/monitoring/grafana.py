"""The dashboard of a stage for Grafana, with the graphs of the CloudWatch dashboard.

    python -m infra.monitoring.grafana --stage prod    # writes build/prod/grafana.json

Both are made from the alarms: one graph shows a metric, with a line for each alarm on it. Grafana
reads the metrics from CloudWatch, so the queries have the names of the deployed resources.
"""

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from infra.deployment import stacks
from infra.monitoring.alarms import RUNBOOK, Alarm, create_alarms, group_by_metric
from infra.packaging.package import package
from infra.stage import ROOT, Stage, UserError, configure_aws, load_stage, report_aws_errors
from infra.template import read_template

# Turns a dimension's value or a namespace, as in the template, into text.
Resolve = Callable[[Any], str]
_CLOUDWATCH = {"type": "cloudwatch", "uid": "${datasource}"}
_COLUMNS = 3
_WIDTH = 8


def build_grafana_dashboard(
    alarms: list[Alarm], title: str, region: str, resolve: Resolve
) -> dict[str, Any]:
    """Return Grafana's JSON model of the dashboard.

    https://grafana.com/docs/grafana/latest/dashboards/build-dashboards/view-dashboard-json-model/
    """
    panels = [
        _build_panel(index, group, region, resolve)
        for index, group in enumerate(group_by_metric(alarms))
    ]
    return {
        "uid": title,
        "title": title,
        "tags": ["task-manager"],
        "schemaVersion": 39,
        "time": {"from": "now-24h", "to": "now"},
        "refresh": "5m",
        "templating": {
            "list": [{"name": "datasource", "type": "datasource", "query": "cloudwatch"}]
        },
        "panels": panels,
    }


def _build_panel(index: int, alarms: list[Alarm], region: str, resolve: Resolve) -> dict[str, Any]:
    first = alarms[0]
    threshold = min(alarm.threshold for alarm in alarms)
    runbooks = sorted({alarm.runbook for alarm in alarms})
    row, column = divmod(index, _COLUMNS)
    good, bad = ("red", "green") if first.below else ("green", "red")
    steps = [{"color": good, "value": None}, {"color": bad, "value": threshold}]
    return {
        "id": index + 1,
        "type": "timeseries",
        "title": f"{resolve(first.namespace)} {first.metric}",
        "description": "\n".join(f"What to do: {RUNBOOK}{name}" for name in runbooks),
        "datasource": _CLOUDWATCH,
        "gridPos": {"x": _WIDTH * column, "y": _WIDTH * row, "w": _WIDTH, "h": _WIDTH},
        "fieldConfig": {
            "defaults": {
                "custom": {"thresholdsStyle": {"mode": "line"}},
                "thresholds": {"mode": "absolute", "steps": steps},
            },
            "overrides": [],
        },
        "targets": [
            _build_query(number, alarm, region, resolve) for number, alarm in enumerate(alarms)
        ],
    }


def _build_query(number: int, alarm: Alarm, region: str, resolve: Resolve) -> dict[str, Any]:
    """Return a query of Grafana's CloudWatch data source."""
    return {
        "refId": f"Q{number}",
        "datasource": _CLOUDWATCH,
        "queryMode": "Metrics",
        "metricQueryType": 0,  # search, not SQL
        "metricEditorMode": 0,  # the builder
        "region": region,
        "namespace": resolve(alarm.namespace),
        "metricName": alarm.metric,
        "dimensions": {name: resolve(value) for name, value in alarm.dimensions.items()},
        "matchExact": True,
        "statistic": alarm.statistic,
        "period": str(alarm.period),
        "label": alarm.name,
    }


def make_resolver(stage: Stage, names: dict[str, str]) -> Resolve:
    """Return a function that knows the `names` of the resources by their logical ids."""

    def resolve(value: Any) -> str:
        match value:
            case {"Ref": "AWS::StackName"}:
                return stage.stack
            case {"Ref": name} | {"Fn::GetAtt": [name, _]}:
                return names[name]
            case _:
                return str(value).replace("${Stage}", stage.name)

    return resolve


def write_grafana_dashboard(stage: Stage) -> Path:
    """Write `build/<stage>/grafana.json` for the deployed stack; return its path.

    Raises UserError when the stage is not deployed, or without some of the resources.
    """
    alarms = create_alarms(read_template(package(stage))["Resources"])
    stack = stacks.find_stack(stage.stack)
    if stack is None:
        raise UserError(f"{stage.stack} is not deployed")
    # The id of a queue is its URL, which ends with its name.
    names = {
        each["LogicalResourceId"]: each["PhysicalResourceId"].rpartition("/")[2]
        for each in stacks.list_resources(stage.stack)
    }
    region = str(stack["StackId"]).split(":")[3]
    try:
        dashboard = build_grafana_dashboard(
            alarms, stage.stack, region, make_resolver(stage, names)
        )
    except KeyError as error:
        raise UserError(f"{stage.stack} has no {error}; deploy it first") from None
    path = stage.build_dir / "grafana.json"
    path.write_text(json.dumps(dashboard, indent=2) + "\n")
    return path


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m infra.monitoring.grafana", description=__doc__)
    parser.add_argument("--stage", default="local", help="a table of infra/stages.toml (local)")
    stage = load_stage(parser.parse_args().stage)
    configure_aws(stage)
    with report_aws_errors():
        print(f"  wrote {write_grafana_dashboard(stage).relative_to(ROOT)}")


if __name__ == "__main__":
    main()
