"""Adapt the packaged template to a stage: settings that Chalice and plain CloudFormation lack."""

from typing import Any

from infra.monitoring.alarms import add_alarms, find_functions
from infra.packaging.telemetry import add_telemetry, read_telemetry
from infra.stage import Stage

Resource = dict[str, Any]
_API = "APIHandler"
_ALIAS = "live"
_DEAD_LETTERS = {"Fn::GetAtt": ["DeadLetters", "Arn"]}
# Functions that another function invokes, so they have no event of their own.
_INVOKED_BY_FUNCTIONS = {"RunJobs"}
# Lambda retries a failed asynchronous invocation twice within an hour.
_ASYNC_INVOKE_CONFIG = {
    "MaximumRetryAttempts": 2,
    "MaximumEventAgeInSeconds": 3600,
    "DestinationConfig": {"OnFailure": {"Type": "SQS", "Destination": _DEAD_LETTERS}},
}
_EVENT_DELIVERY = {
    "RetryPolicy": {"MaximumRetryAttempts": 10, "MaximumEventAgeInSeconds": 3600},
    "DeadLetterConfig": {"Arn": _DEAD_LETTERS},
}
# A scheduled function runs once at a time, so that slow runs do not pile up. SweepMail starts every
# minute and may run for four, so its runs overlap.
_MAX_CONCURRENCY = {"SweepMail": 4}
_ROLLBACK_ALARMS = ["ApiErrorsAlarm", "ApiLatencyAlarm", f"{_API}ErrorsAlarm"]


def postprocess_template(template: dict[str, Any], stage: Stage) -> None:
    """Adapt `template` to `stage`, in place."""
    resources = template["Resources"]
    for name, function in find_functions(resources).items():
        _configure_runtime(name, function, stage)
        _configure_failures(name, function)
    _route_api_to_alias(resources)
    for resource in resources.values():
        if resource["Type"] == "AWS::Logs::LogGroup":
            resource["Properties"]["RetentionInDays"] = stage.log_retention_days
        if not stage.keep_data:
            _allow_deletion(resource)
    if telemetry := read_telemetry(stage):
        add_telemetry(resources, telemetry)
    if stage.alarms:
        add_alarms(resources)
    if stage.release:
        # CodeDeploy shifts traffic to the new version, and back when one of these alarms goes off.
        alarms = [{"Ref": name} for name in _ROLLBACK_ALARMS]
        preference = {"Type": stage.release, "Alarms": alarms}
        resources[_API]["Properties"]["DeploymentPreference"] = preference


def _configure_runtime(name: str, function: Resource, stage: Stage) -> None:
    """Set the stage's runtime, architecture and memory."""
    function["Runtime"] = stage.runtime
    function["MemorySize"] = stage.memory.get(name, function["MemorySize"])
    if not stage.has_local_runtime:
        function["Architectures"] = [stage.architecture]


def _configure_failures(name: str, function: Resource) -> None:
    """Send failed events to the dead-letter queue, and limit the concurrency of schedules.

    An event fails when the function fails on it, or when the rule can't deliver it.
    """
    events = function.get("Events", {})
    if events or name in _INVOKED_BY_FUNCTIONS:
        function.setdefault("EventInvokeConfig", _ASYNC_INVOKE_CONFIG)
    for event in events.values():
        event["Properties"] |= _EVENT_DELIVERY
        if event["Type"] == "Schedule":
            limit = ["ReservesConcurrency", _MAX_CONCURRENCY.get(name, 1), {"Ref": "AWS::NoValue"}]
            function["ReservedConcurrentExecutions"] = {"Fn::If": limit}


def _route_api_to_alias(resources: dict[str, Resource]) -> None:
    """Let API Gateway call the alias's version, so that a release can shift traffic gradually."""
    api = resources[_API]["Properties"]
    # AllProperties also publishes a version when only settings change, not the code.
    api |= {"AutoPublishAlias": _ALIAS, "AutoPublishAliasAllProperties": True}
    resources["APIHandlerInvokePermission"]["Properties"]["FunctionName"] = {"Ref": f"{_API}.Alias"}
    definition = resources["RestAPI"]["Properties"]["DefinitionBody"]
    definition["info"]["title"] = {"Ref": "AWS::StackName"}  # the API's name in metrics
    for path in definition["paths"].values():
        for method in path.values():
            uri = method["x-amazon-apigateway-integration"]["uri"]
            uri["Fn::Sub"] = uri["Fn::Sub"].replace(f"{_API}.Arn}}", f"{_API}.Arn}}:{_ALIAS}")


def _allow_deletion(resource: Resource) -> None:
    """Let CloudFormation delete the resource with its stack."""
    for policy in ("DeletionPolicy", "UpdateReplacePolicy"):
        if policy in resource:
            resource[policy] = "Delete"
    if "DeletionProtectionEnabled" in resource["Properties"]:
        resource["Properties"]["DeletionProtectionEnabled"] = False
