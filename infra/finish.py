"""What Chalice and plain CloudFormation can't say of a stage, said in the packaged template."""

from typing import Any

from infra.alarms import functions, watch
from infra.stage import Stage

Resource = dict[str, Any]
_API = "APIHandler"
_ALIAS = "live"
_DEAD_LETTERS = {"Fn::GetAtt": ["DeadLetters", "Arn"]}
# Woken by another function, not by an event of its own.
_WOKEN = {"RunJobs"}
# What fails twice more within an hour is not mended by a third try.
_ASYNCHRONOUS = {
    "MaximumRetryAttempts": 2,
    "MaximumEventAgeInSeconds": 3600,
    "DestinationConfig": {"OnFailure": {"Type": "SQS", "Destination": _DEAD_LETTERS}},
}
_UNDELIVERED = {
    "RetryPolicy": {"MaximumRetryAttempts": 10, "MaximumEventAgeInSeconds": 3600},
    "DeadLetterConfig": {"Arn": _DEAD_LETTERS},
}
# Two runs at once do no harm, but a slow one shall not pile up others behind it. Sweeps of mail are
# to overlap: one begins each minute, and lives for four when there is much.
_AT_ONCE = {"SweepMail": 4}
_ROLLS_BACK = ["ApiErrorsAlarm", "ApiLatencyAlarm", f"{_API}ErrorsAlarm"]


def finish(template: dict[str, Any], stage: Stage) -> None:
    """Fit the template to the stage."""
    resources = template["Resources"]
    for name, function in functions(resources).items():
        _run(name, function, stage)
        _receive(name, function)
    _answer_by_alias(resources)
    for resource in resources.values():
        if resource["Type"] == "AWS::Logs::LogGroup":
            resource["Properties"]["RetentionInDays"] = stage.log_retention_days
        if not stage.keep_data:
            _release(resource)
    if stage.alarms:
        watch(resources)
    if stage.release:
        _release_gradually(resources[_API]["Properties"], stage.release)


def _run(name: str, function: Resource, stage: Stage) -> None:
    """On the stage's runtime and machine, with its memory where it sets one."""
    function["Runtime"] = stage.runtime
    function["MemorySize"] = stage.memory.get(name, function["MemorySize"])
    if not stage.on_this_interpreter:
        function["Architectures"] = [stage.architecture]


def _receive(name: str, function: Resource) -> None:
    """Every event that wakes a function ends somewhere, whoever gives up on it: the function, or
    the rule that could not reach it."""
    events = function.get("Events", {})
    if events or name in _WOKEN:
        function.setdefault("EventInvokeConfig", _ASYNCHRONOUS)
    for event in events.values():
        event["Properties"] |= _UNDELIVERED
        if event["Type"] == "Schedule":
            at_once = ["ReservesConcurrency", _AT_ONCE.get(name, 1), {"Ref": "AWS::NoValue"}]
            function["ReservedConcurrentExecutions"] = {"Fn::If": at_once}


def _answer_by_alias(resources: dict[str, Resource]) -> None:
    """The gateway calls the version that the alias names, so that a release can move it slowly."""
    api = resources[_API]["Properties"]
    # Without the second, new settings alone would stay with the unpublished code.
    api |= {"AutoPublishAlias": _ALIAS, "AutoPublishAliasAllProperties": True}
    resources["APIHandlerInvokePermission"]["Properties"]["FunctionName"] = {"Ref": f"{_API}.Alias"}
    definition = resources["RestAPI"]["Properties"]["DefinitionBody"]
    definition["info"]["title"] = {"Ref": "AWS::StackName"}  # which metrics are named after
    for path in definition["paths"].values():
        for method in path.values():
            uri = method["x-amazon-apigateway-integration"]["uri"]
            uri["Fn::Sub"] = uri["Fn::Sub"].replace(f"{_API}.Arn}}", f"{_API}.Arn}}:{_ALIAS}")


def _release_gradually(api: Resource, way: str) -> None:
    """CodeDeploy moves the alias, and moves it back when one of these alarms goes off."""
    alarms = [{"Ref": name} for name in _ROLLS_BACK]
    api["DeploymentPreference"] = {"Type": way, "Alarms": alarms}


def _release(resource: Resource) -> None:
    """Let the resource go with its stack."""
    for policy in ("DeletionPolicy", "UpdateReplacePolicy"):
        if policy in resource:
            resource[policy] = "Delete"
    if "DeletionProtectionEnabled" in resource["Properties"]:
        resource["Properties"]["DeletionProtectionEnabled"] = False
