"""Add an OpenTelemetry collector to the functions of a stage that has `[<stage>.telemetry]`.

The collector is a Lambda extension in a layer. It takes metrics and spans from the function
(chalicelib/telemetry.py) and from Lambda's Telemetry API, and sends them to an OTLP
endpoint after the response (https://github.com/open-telemetry/opentelemetry-lambda). A stage
without that table has nothing of it in its template.
"""

import json
import re
from dataclasses import dataclass
from typing import Any

from infra.monitoring.alarms import find_functions
from infra.stage import Stage, UserError

Resources = dict[str, Any]
_COLLECTOR = "http://localhost:4318"  # OTLP over HTTP
_MAX_LAYERS = 5  # of a function, Lambda's limit
_LAYER = re.compile(r"arn:aws[\w-]*:lambda:[\w-]+:\d{12}:layer:[\w-]+:\d+")
_ENDPOINT = re.compile(r"https://[\w.:/-]+")
_SECRET = re.compile(r"[\w/+=.@-]+")


@dataclass(frozen=True)
class Telemetry:
    """The settings: the layer with the collector, and where it sends.

    `secret` is the name of the secret whose text is the header `Authorization`; empty for none.
    """

    layer: str
    endpoint: str
    secret: str = ""


def read_telemetry(stage: Stage) -> Telemetry | None:
    """Return the settings of the stage; None if it exports nothing.

    Raises UserError when one is missing, unknown or not valid.
    """
    if not stage.telemetry:
        return None
    try:
        telemetry = Telemetry(**stage.telemetry)
    except TypeError as error:
        raise UserError(f"[{stage.name}.telemetry] of infra/stages.toml: {error}") from None
    for name, pattern in (("layer", _LAYER), ("endpoint", _ENDPOINT), ("secret", _SECRET)):
        value = getattr(telemetry, name)
        if value and not pattern.fullmatch(value):
            raise UserError(f"{name} of [{stage.name}.telemetry] is not valid: {value!r}")
    return telemetry


def add_telemetry(resources: Resources, telemetry: Telemetry) -> None:
    """Give each function the layer and its settings, and its role the right to read the secret."""
    for function in find_functions(resources).values():
        layers = function.setdefault("Layers", [])
        layers.append(telemetry.layer)
        assert len(layers) <= _MAX_LAYERS
        variables = function.setdefault("Environment", {}).setdefault("Variables", {})
        variables["OTLP_ENDPOINT"] = _COLLECTOR
        variables["OPENTELEMETRY_COLLECTOR_CONFIG_URI"] = _build_config_uri(telemetry)
        if telemetry.secret:
            role = resources[function["Role"]["Fn::GetAtt"][0]]
            statements = role["Properties"]["Policies"][0]["PolicyDocument"]["Statement"]
            statements.append(_allow_reading(telemetry.secret))


def build_collector_config(telemetry: Telemetry) -> dict[str, Any]:
    """Return the configuration of the collector, with the components of its default build."""
    exporter: dict[str, Any] = {"endpoint": telemetry.endpoint}
    if telemetry.secret:
        exporter["headers"] = {"Authorization": f"${{secretsmanager:{telemetry.secret}}}"}
    pipeline = {
        "receivers": ["otlp", "telemetryapi"],
        "processors": ["batch", "decouple"],
        "exporters": ["otlphttp"],
    }
    return {
        "receivers": {
            "otlp": {"protocols": {"http": {"endpoint": "localhost:4318"}}},
            "telemetryapi": {"types": ["platform"]},
        },
        "processors": {"batch": {}, "decouple": {}},
        "exporters": {"otlphttp": exporter},
        "service": {"pipelines": {"traces": pipeline, "metrics": pipeline}},
    }


def _build_config_uri(telemetry: Telemetry) -> dict[str, Any]:
    """Return the configuration as a `yaml:` URI; JSON is YAML. `${!` is a `${` of Fn::Sub."""
    text = json.dumps(build_collector_config(telemetry), separators=(",", ":"))
    return {"Fn::Sub": "yaml:" + text.replace("${", "${!")}


def _allow_reading(secret: str) -> dict[str, Any]:
    # Secrets Manager adds six characters to the name.
    arn = "arn:${AWS::Partition}:secretsmanager:${AWS::Region}:${AWS::AccountId}:secret:"
    return {
        "Sid": "ReadTelemetrySecret",
        "Effect": "Allow",
        "Action": ["secretsmanager:GetSecretValue"],
        "Resource": {"Fn::Sub": f"{arn}{secret}-??????"},
    }
