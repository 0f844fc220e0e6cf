"""Rules for the template of prod that no linter checks."""

import json
import re
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from chalicelib.attachments.models import ATTACHMENT_PREFIX, AVATAR_PREFIX
from chalicelib.aws.s3 import DOWNLOAD_SECONDS, IMAGE_SECONDS, UPLOAD_SECONDS
from chalicelib.aws.s3_multipart import PART_SECONDS
from chalicelib.jobs.models import JOB_LEASE, RESULTS_KEPT_FOR
from chalicelib.jobs.results import PREFIX
from chalicelib.jobs.time_budget import MARGIN
from chalicelib.mail.models import MAIL_LEASE
from chalicelib.mail.sending_rate import MAX_SLOT_WAIT
from infra.packaging.package import package
from infra.stage import ROOT, load_stage
from infra.template import read_template

# AWS recommends at most two readers for each stream.
STREAMS = ["MailStream", "TaskStream"]
Template = dict[str, Any]
DEAD_LETTERS = {"Fn::GetAtt": ["DeadLetters", "Arn"]}


def properties(resources: dict[str, Any], name: str) -> dict[str, Any]:
    return dict(resources[name]["Properties"])


def of_type(resources: Template, kind: str) -> dict[str, Any]:
    return {name: r["Properties"] for name, r in resources.items() if r["Type"] == kind}


def test_every_handler_is_in_app(functions: dict[str, Any]) -> None:
    """A handler in a Blueprint would start without app.py, and so without the app."""
    assert {name for name, f in functions.items() if not f["Handler"].startswith("app.")} == set()


def test_every_function_has_a_sample_event(functions: dict[str, Any]) -> None:
    def to_snake_case(name: str) -> str:
        return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name.replace("API", "Api")).lower()

    samples = {path.stem for path in (ROOT / "events").glob("*.json")}
    assert samples == {to_snake_case(name) for name in functions}


def test_every_function_has_the_runtime_and_architecture_of_its_wheels(
    functions: dict[str, Any],
) -> None:
    for function in functions.values():
        assert function["Runtime"] == "python3.13"
        assert function["Architectures"] == ["arm64"]


def test_every_function_has_memory_a_timeout_and_tracing(functions: dict[str, Any]) -> None:
    for function in functions.values():
        assert function["MemorySize"] >= 512
        assert 0 < function["Timeout"] <= 900
        assert function["Tracing"] == "Active"


def test_the_timeout_of_the_api_is_shorter_than_that_of_the_gateway(
    functions: dict[str, Any],
) -> None:
    assert functions["APIHandler"]["Timeout"] == 28


def test_every_function_has_its_own_role(functions: dict[str, Any]) -> None:
    roles = {json.dumps(function["Role"]) for function in functions.values()}
    assert len(roles) == len(functions)


def test_every_function_has_a_log_group_with_a_retention_time(
    functions: dict[str, Any], resources: dict[str, Any]
) -> None:
    groups = of_type(resources, "AWS::Logs::LogGroup").values()
    names = {group["LogGroupName"]["Fn::Sub"] for group in groups}
    assert names == {f"/aws/lambda/${{{name}}}" for name in functions} | {
        "/aws/apigateway/${AWS::StackName}"
    }
    assert {group["RetentionInDays"] for group in groups} == {load_stage("prod").log_retention_days}


def list_asynchronous(functions: Template) -> dict[str, Any]:
    """Return the functions that are invoked asynchronously."""
    return {
        name: function
        for name, function in functions.items()
        if "Events" in function or name == "RunJobs"
    }


def test_failed_asynchronous_events_go_to_the_dead_letter_queue(functions: Template) -> None:
    assert list_asynchronous(functions)
    for name, function in list_asynchronous(functions).items():
        config = function["EventInvokeConfig"]
        assert config["DestinationConfig"]["OnFailure"]["Destination"] == DEAD_LETTERS, name
        assert config["MaximumRetryAttempts"] <= 2
        assert config["MaximumEventAgeInSeconds"] <= 3600


def test_undelivered_events_of_rules_go_to_the_dead_letter_queue(
    functions: Template, resources: Template
) -> None:
    for function in list_asynchronous(functions).values():
        for event in function.get("Events", {}).values():
            assert event["Properties"]["DeadLetterConfig"]["Arn"] == DEAD_LETTERS
            assert event["Properties"]["RetryPolicy"]["MaximumEventAgeInSeconds"] <= 3600
    rules, tls = properties(resources, "DeadLettersPolicy")["PolicyDocument"]["Statement"]
    assert rules["Principal"] == {"Service": "events.amazonaws.com"}
    assert "aws:SourceArn" in rules["Condition"]["ArnLike"]
    assert (tls["Effect"], tls["Principal"]) == ("Deny", "*")


def test_failed_stream_records_go_to_the_dead_letter_queue_within_an_hour(
    resources: Template,
) -> None:
    for mapping in map(partial(properties, resources), STREAMS):
        assert mapping["DestinationConfig"]["OnFailure"]["Destination"] == DEAD_LETTERS
        assert 0 <= mapping["MaximumRetryAttempts"] <= 20
        assert mapping["MaximumRecordAgeInSeconds"] <= 3600
        assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]


def test_scheduled_functions_have_limited_concurrency(functions: Template) -> None:
    for name, function in list_asynchronous(functions).items():
        events = function.get("Events", {}).values()
        is_scheduled = any(event["Type"] == "Schedule" for event in events)
        reserved = function.get("ReservedConcurrentExecutions", {"Fn::If": []})
        limit = 4 if name == "SweepMail" else 1
        assert (reserved["Fn::If"][:2] == ["ReservesConcurrency", limit]) == is_scheduled, name


def _list_patterns(resources: dict[str, Any], stream: str) -> list[Any]:
    filters = properties(resources, stream)["FilterCriteria"]["Filters"]
    return [json.loads(each["Pattern"]) for each in filters]


def _insert_pattern(prefix: str) -> dict[str, Any]:
    """Return the pattern for new items whose partition key has that prefix."""
    return {"eventName": ["INSERT"], "dynamodb": {"Keys": {"PK": {"S": [{"prefix": prefix}]}}}}


def test_the_mail_stream_delivers_only_new_outbox_items(resources: dict[str, Any]) -> None:
    assert _list_patterns(resources, "MailStream") == [_insert_pattern("OUTBOX#")]


def test_the_task_stream_delivers_only_content_of_projects_new_jobs_and_deliveries(
    resources: dict[str, Any],
) -> None:
    content, comments, new_jobs, deliveries = _list_patterns(resources, "TaskStream")
    keys = content["dynamodb"]["Keys"]
    assert keys["PK"] == {"S": [{"prefix": "PROJECT#"}]}
    kinds = ("TASK#", "TRASH#", "MEMBER#", "LABEL#")
    assert keys["SK"] == {"S": [{"prefix": kind} for kind in kinds]}
    of_tasks = {"PK": {"S": [{"prefix": "TASK#"}]}, "SK": {"S": [{"prefix": "COMMENT#"}]}}
    assert comments == {"dynamodb": {"Keys": of_tasks}}
    # New jobs, and those whose file has been uploaded.
    is_waiting = {"status": {"S": ["waiting"]}}
    jobs = {"Keys": {"PK": {"S": [{"prefix": "JOB#"}]}}, "NewImage": is_waiting}
    assert new_jobs == {"dynamodb": jobs}
    assert deliveries["eventName"] == ["INSERT"]
    assert deliveries["dynamodb"]["Keys"] == {
        "PK": {"S": [{"prefix": "WEBHOOK#"}]},
        "SK": {"S": [{"prefix": "PENDING#"}]},
    }


def test_the_stream_has_two_readers(resources: dict[str, Any]) -> None:
    mappings = of_type(resources, "AWS::Lambda::EventSourceMapping")
    stream = {"Fn::GetAtt": ["Table", "StreamArn"]}
    readers = {name for name, mapping in mappings.items() if mapping["EventSourceArn"] == stream}
    assert sorted(readers) == STREAMS


def test_a_slow_receiver_delays_no_other_webhook(
    resources: dict[str, Any], functions: dict[str, Any]
) -> None:
    queue = properties(resources, "WebhookDeliveries")
    mapping = properties(resources, "WebhookDeliveriesMapping")
    assert queue["FifoQueue"] and queue["DeduplicationScope"] == "messageGroup"
    assert queue["FifoThroughputLimit"] == "perMessageGroupId"
    assert mapping["BatchSize"] == 1
    assert mapping["FunctionName"] == {"Ref": "DeliverWebhooks"}
    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    # A run that goes on must not meet the next one of its webhook.
    assert queue["VisibilityTimeout"] > functions["DeliverWebhooks"]["Timeout"]


def test_webhooks_call_this_machine_on_the_local_cloud_only(resources: dict[str, Any]) -> None:
    stages = ("local", "dev", "prod")
    allowed = {s: load_stage(s).parameters.get("AllowLoopbackWebhooks", "false") for s in stages}
    assert allowed == {"local": "true", "dev": "false", "prod": "false"}


def test_live_events_keep_their_order_and_are_dropped_after_five_minutes(
    resources: dict[str, Any], functions: dict[str, Any]
) -> None:
    queue, mapping = properties(resources, "LiveEvents"), properties(resources, "LiveEventsMapping")
    assert queue["FifoQueue"]
    assert queue["DeduplicationScope"] == "messageGroup"
    assert queue["FifoThroughputLimit"] == "perMessageGroupId"
    assert queue["MessageRetentionPeriod"] == 300
    assert queue["VisibilityTimeout"] >= functions["SendEvents"]["Timeout"]
    assert queue["SqsManagedSseEnabled"]
    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]


def test_the_websocket_api_calls_one_function_and_is_throttled(resources: dict[str, Any]) -> None:
    api = properties(resources, "LiveApi")
    assert api["ProtocolType"] == "WEBSOCKET"
    routes = of_type(resources, "AWS::ApiGatewayV2::Route").values()
    assert {route["RouteKey"] for route in routes} == {"$connect", "$disconnect", "$default"}
    targets = {json.dumps(route["Target"]) for route in routes}
    assert targets == {'{"Fn::Sub": "integrations/${LiveIntegration}"}'}
    uri = properties(resources, "LiveIntegration")["IntegrationUri"]["Fn::Sub"]
    assert "${LiveSocket.Arn}" in uri
    stage = properties(resources, "LiveStage")
    assert stage["AutoDeploy"]
    assert stage["DefaultRouteSettings"]["ThrottlingRateLimit"] == {"Ref": "ThrottleRate"}
    assert "queryString" not in stage["AccessLogSettings"]["Format"]
    permission = properties(resources, "LiveSocketPermission")
    assert permission["SourceArn"]["Fn::Sub"].endswith(":${LiveApi}/*")


def test_the_stream_handler_invokes_the_job_runner(
    resources: dict[str, Any], functions: dict[str, Any]
) -> None:
    settings = functions["FollowChanges"]["Environment"]["Variables"]
    assert settings["JOB_WORKER"] == {"Ref": "RunJobs"}


@pytest.mark.parametrize(("stream", "tries"), [("MailStream", 3), ("TaskStream", 20)])
def test_a_failing_record_neither_blocks_the_stream_nor_is_lost(
    stream: str, tries: int, resources: dict[str, Any]
) -> None:
    mapping = properties(resources, stream)
    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert mapping["BisectBatchOnFunctionError"]
    assert mapping["MaximumRetryAttempts"] == tries
    assert mapping["MaximumRecordAgeInSeconds"] == 3600
    assert mapping["DestinationConfig"]["OnFailure"]["Destination"] == {
        "Fn::GetAtt": ["DeadLetters", "Arn"]
    }


def test_dead_letters_are_kept_for_two_weeks_and_encrypted(resources: dict[str, Any]) -> None:
    queue = properties(resources, "DeadLetters")
    assert queue["MessageRetentionPeriod"] == 14 * 24 * 3600
    assert queue["SqsManagedSseEnabled"]


def test_the_bucket_is_private_encrypted_and_versioned(resources: dict[str, Any]) -> None:
    bucket = properties(resources, "Bucket")
    assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
    assert len(bucket["PublicAccessBlockConfiguration"]) == 4
    assert bucket["OwnershipControls"]["Rules"] == [{"ObjectOwnership": "BucketOwnerEnforced"}]
    assert bucket["BucketEncryption"]
    assert bucket["VersioningConfiguration"] == {"Status": "Enabled"}


def test_the_bucket_requires_tls(resources: dict[str, Any]) -> None:
    rule, _ = properties(resources, "BucketPolicy")["PolicyDocument"]["Statement"]
    assert (rule["Effect"], rule["Principal"], rule["Action"]) == ("Deny", "*", "s3:*")
    assert rule["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    assert {"Fn::Sub": "${Bucket.Arn}/*"} in rule["Resource"]


def test_the_bucket_refuses_signatures_older_than_the_longest_that_the_app_signs(
    resources: dict[str, Any],
) -> None:
    _, rule = properties(resources, "BucketPolicy")["PolicyDocument"]["Statement"]
    assert (rule["Effect"], rule["Principal"], rule["Action"]) == ("Deny", "*", "s3:*")
    longest = max(PART_SECONDS, UPLOAD_SECONDS, DOWNLOAD_SECONDS, IMAGE_SECONDS)
    assert rule["Condition"] == {"NumericGreaterThan": {"s3:signatureAge": str(longest * 1000)}}


def test_the_bucket_removes_unfinished_uploads_and_deleted_versions(
    resources: dict[str, Any],
) -> None:
    rules = properties(resources, "Bucket")["LifecycleConfiguration"]["Rules"]
    general = {k: v for rule in rules if "Prefix" not in rule for k, v in rule.items()}
    assert general["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": 1}
    assert general["NoncurrentVersionExpiration"] == {"NoncurrentDays": 30}
    assert general["ExpiredObjectDeleteMarker"]


def test_results_expire_by_themselves(resources: dict[str, Any]) -> None:
    rules = properties(resources, "Bucket")["LifecycleConfiguration"]["Rules"]
    (rule,) = [rule for rule in rules if rule.get("Prefix") == PREFIX]
    assert timedelta(days=rule["ExpirationInDays"]) == RESULTS_KEPT_FOR + timedelta(days=1)


def test_no_job_runner_runs_longer_than_its_lease(functions: dict[str, Any]) -> None:
    for name in ("RunJobs", "SweepJobs"):
        assert timedelta(seconds=functions[name]["Timeout"] + 60) < JOB_LEASE


def test_no_wait_for_a_send_slot_is_longer_than_the_lease_of_a_mail() -> None:
    assert MAX_SLOT_WAIT + 2 * MARGIN < MAIL_LEASE


def test_only_uploads_to_the_bucket_of_the_stack_are_confirmed(functions: dict[str, Any]) -> None:
    (event,) = functions["ConfirmUpload"]["Events"].values()
    detail = event["Properties"]["Pattern"]["detail"]
    assert detail["bucket"]["name"] == [{"Ref": "Bucket"}]
    assert detail["object"]["key"] == [{"prefix": ATTACHMENT_PREFIX}, {"prefix": AVATAR_PREFIX}]


def test_every_gateway_error_is_a_problem_document(resources: dict[str, Any]) -> None:
    responses = properties(resources, "RestAPI")["GatewayResponses"]
    assert {"DEFAULT_4XX", "DEFAULT_5XX"} <= set(responses)
    for response in responses.values():
        headers = response["ResponseParameters"]["Headers"]
        assert headers["Content-Type"] == "'application/problem+json'"
        assert headers["Access-Control-Allow-Origin"]
        assert headers["Cache-Control"] == "'no-store'"
        assert headers["X-Content-Type-Options"] == "'nosniff'"
        assert headers["X-Request-Id"] == "context.requestId"
        assert headers["RateLimit-Policy"] == {"Fn::Sub": "'\"gateway\";q=${ThrottleRate};w=1'"}
        assert response["StatusCode"] != 429 or int(headers["Retry-After"].strip("'")) > 0
        template = response["ResponseTemplates"]["application/json"].replace(
            "$context.error.messageString", '"why"'
        )
        problem = json.loads(template)
        assert set(problem) == {"type", "title", "status", "detail", "code", "request_id"}
        assert problem["status"] == response["StatusCode"]


def test_the_gateway_is_regional_throttled_and_has_one_stage(resources: dict[str, Any]) -> None:
    api = properties(resources, "RestAPI")
    assert api["EndpointConfiguration"] == "REGIONAL"
    assert api["StageName"] == "v1"
    assert api["OpenApiVersion"] == "2.0"
    assert api["TracingEnabled"]
    assert api["MinimumCompressionSize"] == 1024
    assert all(
        s["ThrottlingRateLimit"] and s["ThrottlingBurstLimit"] for s in api["MethodSettings"]
    )


def test_the_gateway_has_a_head_method_for_every_get(resources: dict[str, Any]) -> None:
    """Alike in everything, so that both call the released version."""
    paths = properties(resources, "RestAPI")["DefinitionBody"]["paths"]
    assert paths
    for path, methods in paths.items():
        assert methods.get("head") == methods.get("get"), path


def test_the_template_is_within_the_limits_of_cloudformation(template: dict[str, Any]) -> None:
    """https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html

    Half of each limit, because the SAM transform repeats the definition of the API.
    """
    assert len(json.dumps(template)) < 1_000_000 / 2  # infra/deployment/artifacts.py uploads JSON
    assert len(template["Resources"]) < 500 / 2


def test_every_function_has_the_same_environment(template: dict[str, Any]) -> None:
    """Globals sets the environment, so that the functions cannot differ.

    Exceptions: functions that write links have the addresses of client and API, which the function
    of the API itself cannot have; the API has the address of the dead letters; the stream handler
    has the name of the job runner and the queues of live events and webhook deliveries; the
    functions of live connections and the API have the address of the WebSocket API; the functions
    that need the queue or the keys of webhooks have those; the API has the identity providers.
    """
    own = {
        name: resource["Properties"]["Environment"]
        for name, resource in template["Resources"].items()
        if "Environment" in resource["Properties"]
    }
    assert {name: list(environment["Variables"]) for name, environment in own.items()} == {
        "APIHandler": [
            "API_URL",
            "APP_URL",
            "CLIENT_SECRETS_ID",
            "DEAD_LETTERS_URL",
            "IDENTITY_PROVIDERS",
            "LIVE_URL",
            "SECOND_FACTOR_KEYS_ID",
            "WEBHOOK_KEYS_ID",
        ],
        "LiveSocket": ["LIVE_URL"],
        "SendEvents": ["LIVE_URL"],
        "DispatchMail": ["API_URL", "APP_URL"],
        "SweepMail": ["API_URL", "APP_URL"],
        "RunJobs": ["APP_URL"],
        "SweepJobs": ["APP_URL"],
        "FollowChanges": ["JOB_WORKER", "LIVE_EVENTS_URL", "WEBHOOK_DELIVERIES_URL"],
        "Tick": ["WEBHOOK_DELIVERIES_URL"],
        "DeliverWebhooks": ["WEBHOOK_KEYS_ID"],
    }


def test_without_identity_providers_there_is_nothing_of_them(
    resources: dict[str, Any], functions: dict[str, Any]
) -> None:
    for name in ("ClientSecrets", "IdentityLayer"):
        assert resources[name]["Condition"] == "HasIdentityProviders"
    layers = {name: each["Layers"] for name, each in functions.items() if "Layers" in each}
    (layer,) = layers.pop("APIHandler")
    identity, none = {"Ref": "IdentityLayer"}, {"Ref": "AWS::NoValue"}
    assert layer == {"Fn::If": ["HasIdentityProviders", identity, none]}
    assert set(layers) == {"RunJobs", "SweepJobs"}


def test_bounces_and_complaints_of_this_stack_are_reported(
    resources: dict[str, Any], functions: dict[str, Any]
) -> None:
    destination = properties(resources, "MailEventDestination")
    assert destination["ConfigurationSetName"] == {"Ref": "MailEvents"}
    assert destination["EventDestination"]["MatchingEventTypes"] == ["bounce", "complaint"]
    assert "EventBridgeDestination" in destination["EventDestination"]
    (event,) = functions["MailFeedback"]["Events"].values()
    pattern = event["Properties"]["Pattern"]
    assert pattern["source"] == ["aws.ses"]
    assert pattern["detail-type"] == ["Email Bounced", "Email Complaint Received"]
    assert pattern["detail"]["mail"]["tags"] == {"ses:configuration-set": [{"Ref": "MailEvents"}]}


@pytest.mark.parametrize(
    "name", ["Table", "Bucket", "TokenKeys", "WebhookKeys", "SecondFactorKeys"]
)
def test_prod_keeps_its_data(name: str, resources: dict[str, Any]) -> None:
    assert resources[name]["DeletionPolicy"] == "Retain"
    assert resources[name]["UpdateReplacePolicy"] == "Retain"


def test_only_prod_protects_its_table_from_deletion(resources: dict[str, Any]) -> None:
    local = read_template(package(load_stage("local")))["Resources"]
    assert properties(resources, "Table")["DeletionProtectionEnabled"]
    assert not properties(local, "Table")["DeletionProtectionEnabled"]
    assert local["Table"]["DeletionPolicy"] == "Delete"


def test_the_access_log_contains_no_personal_data(resources: Template) -> None:
    setting = properties(resources, "RestAPI")["AccessLogSetting"]
    entry = json.loads(setting["Format"])
    assert entry["request_id"] == "$context.requestId"
    assert not re.search("sourceIp|userAgent|authorizer|identity", setting["Format"])


def test_the_gateway_calls_the_released_version(resources: Template) -> None:
    api = properties(resources, "RestAPI")
    for path in api["DefinitionBody"]["paths"].values():
        for method in path.values():
            uri = method["x-amazon-apigateway-integration"]["uri"]["Fn::Sub"]
            assert uri.endswith("/${APIHandler.Arn}:live/invocations")
    permission = properties(resources, "APIHandlerInvokePermission")
    assert permission["FunctionName"] == {"Ref": "APIHandler.Alias"}
    assert properties(resources, "APIHandler")["AutoPublishAlias"] == "live"
    assert properties(resources, "APIHandler")["AutoPublishAliasAllProperties"]


def test_prod_releases_gradually_and_rolls_back_on_alarms(resources: Template) -> None:
    release = properties(resources, "APIHandler")["DeploymentPreference"]
    assert release["Type"].startswith("Canary")
    assert release["Alarms"]
    assert {alarm["Ref"] for alarm in release["Alarms"]} <= set(
        of_type(resources, "AWS::CloudWatch::Alarm")
    )


def list_alarms(resources: Template) -> dict[str, Any]:
    return of_type(resources, "AWS::CloudWatch::Alarm")


def test_every_function_stream_and_queue_has_alarms(
    functions: Template, resources: Template
) -> None:
    watched = {
        (alarm["MetricName"], json.dumps(dimension["Value"]))
        for alarm in list_alarms(resources).values()
        for dimension in alarm["Dimensions"]
    }
    for name in functions:
        assert ("Errors", json.dumps({"Ref": name})) in watched
        assert ("Throttles", json.dumps({"Ref": name})) in watched
    for mapping in map(partial(properties, resources), STREAMS):
        assert ("IteratorAge", json.dumps(mapping["FunctionName"])) in watched
    metrics = {
        "DeadLetters": "ApproximateNumberOfMessagesVisible",
        "LiveEvents": "ApproximateAgeOfOldestMessage",
        "WebhookDeliveries": "ApproximateAgeOfOldestMessage",
    }
    assert metrics.keys() == of_type(resources, "AWS::SQS::Queue").keys()
    for name, metric in metrics.items():
        assert (metric, json.dumps({"Fn::GetAtt": [name, "QueueName"]})) in watched


def test_every_alarm_notifies_the_topic_and_links_to_the_runbook(resources: Template) -> None:
    titles = re.findall("^### (.+)$", (ROOT / "docs/operations.md").read_text(), re.MULTILINE)
    anchors = {re.sub("[^a-z0-9-]", "", title.lower().replace(" ", "-")) for title in titles}
    for name, alarm in list_alarms(resources).items():
        assert alarm["AlarmActions"] == [{"Ref": "AlarmTopic"}], name
        _, _, anchor = alarm["AlarmDescription"].partition("docs/operations.md#")
        assert anchor in anchors, name


def test_custom_metrics_with_an_alarm_are_reported_by_the_code(resources: Template) -> None:
    """The name of a job's metric consists of the job and one of its outcomes."""
    source = "".join(path.read_text() for path in (ROOT / "chalicelib").rglob("*.py"))
    jobs = re.findall(r'record_outcome\("(\w+)"', source)
    metrics = {
        alarm["MetricName"]
        for alarm in list_alarms(resources).values()
        if "Fn::Sub" in alarm["Namespace"]
    }
    assert metrics
    for metric in metrics:
        outcomes = [metric.removeprefix(f"{job}_") for job in jobs if metric.startswith(f"{job}_")]
        assert any(f'"{outcome}"' in source for outcome in outcomes), metric


def test_the_dashboard_shows_every_alarm(resources: Template) -> None:
    body = json.loads(properties(resources, "Dashboard")["DashboardBody"]["Fn::Sub"])
    shown = [metric for widget in body["widgets"] for metric in widget["properties"]["metrics"]]
    assert len(shown) == len(list_alarms(resources))


def test_a_stage_sets_memory_and_retention(resources: Template) -> None:
    prod = load_stage("prod")
    assert properties(resources, "APIHandler")["MemorySize"] == prod.memory["APIHandler"]
