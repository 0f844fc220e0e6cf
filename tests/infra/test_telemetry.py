"""OpenTelemetry in the template: nothing of it when it is off, least privilege when it is on."""

import json
import subprocess
import sys
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from infra.packaging.telemetry import (
    Telemetry,
    add_telemetry,
    build_collector_config,
    read_telemetry,
)
from infra.stage import UserError, load_stage
from infra.template import write_template

Template = dict[str, Any]
LAYER = "arn:aws:lambda:eu-central-1:123456789012:layer:opentelemetry-collector-arm64:1"
SETTINGS = {"layer": LAYER, "endpoint": "https://otlp.example.com", "secret": "prod/otlp"}


@pytest.fixture
def with_telemetry(template: Template) -> Template:
    """The template of prod with a collector."""
    changed = deepcopy(template)
    add_telemetry(changed["Resources"], Telemetry(**SETTINGS))
    return changed


def _functions(template: Template) -> dict[str, Any]:
    return {
        name: resource["Properties"]
        for name, resource in template["Resources"].items()
        if resource["Type"] == "AWS::Serverless::Function"
    }


def test_a_stage_without_telemetry_has_nothing_of_it_in_its_template(template: Template) -> None:
    text = json.dumps(template).lower()
    assert [word for word in ("opentelemetry", "otlp", "collector") if word in text] == []
    layers = [layer for each in _functions(template).values() for layer in each.get("Layers", [])]
    assert [layer for layer in layers if "Fn::If" not in layer] == [{"Ref": "ChartLayer"}] * 2


def test_each_function_gets_the_collector_and_its_address(with_telemetry: Template) -> None:
    assert _functions(with_telemetry)
    for name, function in _functions(with_telemetry).items():
        assert function["Layers"][-1] == LAYER, name
        variables = function["Environment"]["Variables"]
        assert variables["OTLP_ENDPOINT"] == "http://localhost:4318"
        uri = variables["OPENTELEMETRY_COLLECTOR_CONFIG_URI"]["Fn::Sub"]
        config = json.loads(uri.removeprefix("yaml:").replace("${!", "${"))
        assert config == build_collector_config(Telemetry(**SETTINGS))
    assert _functions(with_telemetry)["RunJobs"]["Layers"][0] == {"Ref": "ChartLayer"}


def test_the_collector_uses_what_it_declares() -> None:
    config = build_collector_config(Telemetry(**SETTINGS))
    for pipeline in config["service"]["pipelines"].values():
        for kind in ("receivers", "processors", "exporters"):
            assert set(pipeline[kind]) <= set(config[kind])
    assert config["exporters"]["otlphttp"] == {
        "endpoint": "https://otlp.example.com",
        "headers": {"Authorization": "${secretsmanager:prod/otlp}"},
    }


def test_the_only_right_more_is_to_read_the_secret(
    template: Template, with_telemetry: Template
) -> None:
    added = []
    for name, resource in template["Resources"].items():
        if resource["Type"] == "AWS::IAM::Role":
            (before,) = resource["Properties"]["Policies"]
            (after,) = with_telemetry["Resources"][name]["Properties"]["Policies"]
            kept = before["PolicyDocument"]["Statement"]
            statements = after["PolicyDocument"]["Statement"]
            assert statements[: len(kept)] == kept
            added += statements[len(kept) :]
    assert len(added) == len(_functions(template))
    for statement in added:
        assert statement["Action"] == ["secretsmanager:GetSecretValue"]
        assert statement["Resource"]["Fn::Sub"].endswith(":secret:prod/otlp-??????")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"layer": "collector"}, "layer of"),
        ({"endpoint": "http://otlp.example.com"}, "endpoint of"),
        ({"secret": "a secret"}, "secret of"),
        ({"sample": "all"}, "sample"),
    ],
)
def test_a_setting_that_is_not_valid_stops_the_packaging(
    changes: dict[str, str], message: str
) -> None:
    stage = replace(load_stage("prod"), telemetry=SETTINGS | changes)
    with pytest.raises(UserError, match=message):
        read_telemetry(stage)


@pytest.mark.proof
def test_cfn_lint_accepts_the_template(with_telemetry: Template, tmp_path: Path) -> None:
    write_template(tmp_path / "sam.yaml", with_telemetry)
    command = [str(Path(sys.executable).with_name("cfn-lint")), str(tmp_path / "sam.yaml")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
