"""House rules that no linter knows, on the template of prod."""

import json
import re
from datetime import timedelta
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
from infra.package import package
from infra.stage import ROOT, load_stage
from infra.template import read_template

# A stream has room for two readers, AWS says.
STREAMS = ["MailStream", "TaskStream"]
Template = dict[str, Any]
DEAD_LETTERS = {"Fn::GetAtt": ["DeadLetters", "Arn"]}


def properties(resources: dict[str, Any], name: str) -> dict[str, Any]:
    return dict(resources[name]["Properties"])


def of_type(resources: Template, kind: str) -> dict[str, Any]:
    return {name: r["Properties"] for name, r in resources.items() if r["Type"] == kind}


def test_every_handler_stands_in_app(functions: dict[str, Any]) -> None:
    """One in a Blueprint would start without app.py, hence without the app."""
    assert {name for name, f in functions.items() if not f["Handler"].startswith("app.")} == set()


def test_every_function_has_a_sample_of_what_triggers_it(functions: dict[str, Any]) -> None:
    def in_python(name: str) -> str:
        return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name.replace("API", "Api")).lower()

    samples = {path.stem for path in (ROOT / "events").glob("*.json")}
    assert samples == {in_python(name) for name in functions}


def test_every_function_runs_where_its_wheels_were_made_for(functions: dict[str, Any]) -> None:
    for function in functions.values():
        assert function["Runtime"] == "python3.13"
        assert function["Architectures"] == ["arm64"]


def test_every_function_has_room_and_is_traced(functions: dict[str, Any]) -> None:
    for function in functions.values():
        assert function["MemorySize"] >= 512
        assert 0 < function["Timeout"] <= 900
        assert function["Tracing"] == "Active"


def test_the_api_gives_up_before_the_gateway_does(functions: dict[str, Any]) -> None:
    assert functions["APIHandler"]["Timeout"] == 28


def test_every_function_has_a_role_of_its_own(functions: dict[str, Any]) -> None:
    roles = {json.dumps(function["Role"]) for function in functions.values()}
    assert len(roles) == len(functions)


def test_every_function_has_a_log_that_ends(
    functions: dict[str, Any], resources: dict[str, Any]
) -> None:
    groups = of_type(resources, "AWS::Logs::LogGroup").values()
    named = {group["LogGroupName"]["Fn::Sub"] for group in groups}
    assert named == {f"/aws/lambda/${{{name}}}" for name in functions} | {
        "/aws/apigateway/${AWS::StackName}"
    }
    assert {group["RetentionInDays"] for group in groups} == {load_stage("prod").log_retention_days}


def asynchronous(functions: Template) -> dict[str, Any]:
    """The functions that an event wakes and nobody waits for."""
    return {
        name: function
        for name, function in functions.items()
        if "Events" in function or name == "RunJobs"
    }


def test_what_an_event_function_gives_up_on_is_kept(functions: Template) -> None:
    assert asynchronous(functions)
    for name, function in asynchronous(functions).items():
        config = function["EventInvokeConfig"]
        assert config["DestinationConfig"]["OnFailure"]["Destination"] == DEAD_LETTERS, name
        assert config["MaximumRetryAttempts"] <= 2
        assert config["MaximumEventAgeInSeconds"] <= 3600


def test_what_a_rule_cannot_deliver_is_kept(functions: Template, resources: Template) -> None:
    for function in asynchronous(functions).values():
        for event in function.get("Events", {}).values():
            assert event["Properties"]["DeadLetterConfig"]["Arn"] == DEAD_LETTERS
            assert event["Properties"]["RetryPolicy"]["MaximumEventAgeInSeconds"] <= 3600
    rules, tls = properties(resources, "DeadLettersPolicy")["PolicyDocument"]["Statement"]
    assert rules["Principal"] == {"Service": "events.amazonaws.com"}
    assert "aws:SourceArn" in rules["Condition"]["ArnLike"]
    assert (tls["Effect"], tls["Principal"]) == ("Deny", "*")


def test_every_stream_gives_up_in_time_and_keeps_what_it_gave_up(resources: Template) -> None:
    for mapping in of_type(resources, "AWS::Lambda::EventSourceMapping").values():
        assert mapping["DestinationConfig"]["OnFailure"]["Destination"] == DEAD_LETTERS
        assert 0 <= mapping["MaximumRetryAttempts"] <= 20
        assert mapping["MaximumRecordAgeInSeconds"] <= 3600
        assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]


def test_jobs_do_not_pile_up(functions: Template) -> None:
    for name, function in asynchronous(functions).items():
        events = function.get("Events", {}).values()
        scheduled = any(event["Type"] == "Schedule" for event in events)
        reserved = function.get("ReservedConcurrentExecutions", {"Fn::If": []})
        at_once = 4 if name == "SweepMail" else 1
        assert (reserved["Fn::If"][:2] == ["ReservesConcurrency", at_once]) == scheduled, name


def _patterns(resources: dict[str, Any], stream: str) -> list[Any]:
    chosen = properties(resources, stream)["FilterCriteria"]["Filters"]
    return [json.loads(each["Pattern"]) for each in chosen]


def _new(prefix: str) -> dict[str, Any]:
    """New rows whose keys begin so."""
    return {"eventName": ["INSERT"], "dynamodb": {"Keys": {"PK": {"S": [{"prefix": prefix}]}}}}


def test_the_stream_wakes_the_dispatcher_for_new_mail_only(resources: dict[str, Any]) -> None:
    assert _patterns(resources, "MailStream") == [_new("OUTBOX#")]


def test_the_stream_wakes_the_followers_for_tasks_and_new_jobs_only(
    resources: dict[str, Any],
) -> None:
    tasks, new_jobs = _patterns(resources, "TaskStream")
    keys = tasks["dynamodb"]["Keys"]
    assert keys["PK"] == {"S": [{"prefix": "PROJECT#"}]}
    assert keys["SK"] == {"S": [{"prefix": "TASK#"}, {"prefix": "TRASH#"}]}
    assert new_jobs == _new("JOB#")


def test_the_stream_has_no_more_readers_than_it_has_room_for(resources: dict[str, Any]) -> None:
    readers = of_type(resources, "AWS::Lambda::EventSourceMapping")
    assert sorted(readers) == STREAMS


def test_who_follows_changes_wakes_who_works(
    resources: dict[str, Any], functions: dict[str, Any]
) -> None:
    settings = functions["FollowChanges"]["Environment"]["Variables"]
    assert settings["JOB_WORKER"] == {"Ref": "RunJobs"}


@pytest.mark.parametrize(("stream", "tries"), [("MailStream", 3), ("TaskStream", 20)])
def test_a_failing_record_neither_blocks_the_stream_nor_gets_lost(
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


def test_the_bucket_is_closed(resources: dict[str, Any]) -> None:
    bucket = properties(resources, "Bucket")
    assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
    assert len(bucket["PublicAccessBlockConfiguration"]) == 4
    assert bucket["OwnershipControls"]["Rules"] == [{"ObjectOwnership": "BucketOwnerEnforced"}]
    assert bucket["BucketEncryption"]
    assert bucket["VersioningConfiguration"] == {"Status": "Enabled"}


def test_the_bucket_speaks_tls_only(resources: dict[str, Any]) -> None:
    rule, _ = properties(resources, "BucketPolicy")["PolicyDocument"]["Statement"]
    assert (rule["Effect"], rule["Principal"], rule["Action"]) == ("Deny", "*", "s3:*")
    assert rule["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    assert {"Fn::Sub": "${Bucket.Arn}/*"} in rule["Resource"]


def test_the_bucket_takes_no_signature_older_than_we_sign(resources: dict[str, Any]) -> None:
    _, rule = properties(resources, "BucketPolicy")["PolicyDocument"]["Statement"]
    assert (rule["Effect"], rule["Principal"], rule["Action"]) == ("Deny", "*", "s3:*")
    longest = max(PART_SECONDS, UPLOAD_SECONDS, DOWNLOAD_SECONDS, IMAGE_SECONDS)
    assert rule["Condition"] == {"NumericGreaterThan": {"s3:signatureAge": str(longest * 1000)}}


def test_the_bucket_forgets_what_nobody_finished_and_what_was_deleted(
    resources: dict[str, Any],
) -> None:
    rules = properties(resources, "Bucket")["LifecycleConfiguration"]["Rules"]
    backstop = {k: v for rule in rules if "Prefix" not in rule for k, v in rule.items()}
    assert backstop["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": 1}
    assert backstop["NoncurrentVersionExpiration"] == {"NoncurrentDays": 30}
    assert backstop["ExpiredObjectDeleteMarker"]


def test_results_that_nobody_removed_end_by_themselves(resources: dict[str, Any]) -> None:
    rules = properties(resources, "Bucket")["LifecycleConfiguration"]["Rules"]
    (rule,) = [rule for rule in rules if rule.get("Prefix") == PREFIX]
    assert timedelta(days=rule["ExpirationInDays"]) == RESULTS_KEPT_FOR + timedelta(days=1)


def test_no_worker_outlives_its_lease(functions: dict[str, Any]) -> None:
    for name in ("RunJobs", "SweepJobs"):
        assert timedelta(seconds=functions[name]["Timeout"] + 60) < JOB_LEASE


def test_no_wait_for_a_turn_outlives_the_lease_of_a_mail() -> None:
    assert MAX_SLOT_WAIT + 2 * MARGIN < MAIL_LEASE


def test_uploads_of_other_buckets_are_not_ours(functions: dict[str, Any]) -> None:
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
        filled = response["ResponseTemplates"]["application/json"].replace(
            "$context.error.messageString", '"why"'
        )
        problem = json.loads(filled)
        assert set(problem) == {"type", "title", "status", "detail", "code", "request_id"}
        assert problem["status"] == response["StatusCode"]


def test_the_gateway_is_regional_throttled_and_one_stage(resources: dict[str, Any]) -> None:
    api = properties(resources, "RestAPI")
    assert api["EndpointConfiguration"] == "REGIONAL"
    assert api["StageName"] == "v1"
    assert api["OpenApiVersion"] == "2.0"
    assert api["TracingEnabled"]
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
    assert len(json.dumps(template)) < 1_000_000 / 2  # infra/artifacts.py uploads JSON
    assert len(template["Resources"]) < 500 / 2


def test_every_function_has_the_same_environment(template: dict[str, Any]) -> None:
    """Globals sets it; a function with one of its own would drift away from the others. Those that
    mail know the API's address too, which the API's own function can't, and one whom to wake."""
    own = {
        name: resource["Properties"]["Environment"]
        for name, resource in template["Resources"].items()
        if "Environment" in resource["Properties"]
    }
    assert {name: list(environment["Variables"]) for name, environment in own.items()} == {
        "DispatchMail": ["API_URL"],
        "SweepMail": ["API_URL"],
        "FollowChanges": ["JOB_WORKER"],
    }


def test_mails_that_come_back_are_told_to_us_and_only_ours(
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


@pytest.mark.parametrize("name", ["Table", "Bucket", "TokenKeys"])
def test_prod_keeps_its_data(name: str, resources: dict[str, Any]) -> None:
    assert resources[name]["DeletionPolicy"] == "Retain"
    assert resources[name]["UpdateReplacePolicy"] == "Retain"


def test_prod_protects_its_table_and_other_stages_do_not(resources: dict[str, Any]) -> None:
    local = read_template(package(load_stage("local")))["Resources"]
    assert properties(resources, "Table")["DeletionProtectionEnabled"]
    assert not properties(local, "Table")["DeletionProtectionEnabled"]
    assert local["Table"]["DeletionPolicy"] == "Delete"


def test_the_access_log_names_no_person(resources: Template) -> None:
    setting = properties(resources, "RestAPI")["AccessLogSetting"]
    line = json.loads(setting["Format"])
    assert line["request_id"] == "$context.requestId"
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


def test_prod_releases_gradually_and_turns_back_on_alarms(resources: Template) -> None:
    release = properties(resources, "APIHandler")["DeploymentPreference"]
    assert release["Type"].startswith("Canary")
    assert release["Alarms"]
    assert {alarm["Ref"] for alarm in release["Alarms"]} <= set(
        of_type(resources, "AWS::CloudWatch::Alarm")
    )


def alarms(resources: Template) -> dict[str, Any]:
    return of_type(resources, "AWS::CloudWatch::Alarm")


def test_every_function_stream_and_queue_has_its_alarms(
    functions: Template, resources: Template
) -> None:
    watched = {
        (alarm["MetricName"], json.dumps(dimension["Value"]))
        for alarm in alarms(resources).values()
        for dimension in alarm["Dimensions"]
    }
    for name in functions:
        assert ("Errors", json.dumps({"Ref": name})) in watched
        assert ("Throttles", json.dumps({"Ref": name})) in watched
    for mapping in of_type(resources, "AWS::Lambda::EventSourceMapping").values():
        assert ("IteratorAge", json.dumps(mapping["FunctionName"])) in watched
    for name in of_type(resources, "AWS::SQS::Queue"):
        queue = {"Fn::GetAtt": [name, "QueueName"]}
        assert ("ApproximateNumberOfMessagesVisible", json.dumps(queue)) in watched


def test_every_alarm_tells_somebody_and_names_its_place_in_the_runbook(resources: Template) -> None:
    titles = re.findall("^### (.+)$", (ROOT / "docs/operations.md").read_text(), re.MULTILINE)
    anchors = {re.sub("[^a-z0-9-]", "", title.lower().replace(" ", "-")) for title in titles}
    for name, alarm in alarms(resources).items():
        assert alarm["AlarmActions"] == [{"Ref": "AlarmTopic"}], name
        _, _, anchor = alarm["AlarmDescription"].partition("docs/operations.md#")
        assert anchor in anchors, name


def test_our_own_metrics_under_alarm_are_ones_that_the_code_reports(resources: Template) -> None:
    """A job's metric is named after the job and one of its outcomes."""
    source = "".join(path.read_text() for path in (ROOT / "chalicelib").rglob("*.py"))
    jobs = re.findall(r'record_outcome\("(\w+)"', source)
    ours = {
        alarm["MetricName"]
        for alarm in alarms(resources).values()
        if "Fn::Sub" in alarm["Namespace"]
    }
    assert ours
    for metric in ours:
        outcomes = [metric.removeprefix(f"{job}_") for job in jobs if metric.startswith(f"{job}_")]
        assert any(f'"{outcome}"' in source for outcome in outcomes), metric


def test_the_dashboard_shows_every_alarm(resources: Template) -> None:
    body = json.loads(properties(resources, "Dashboard")["DashboardBody"]["Fn::Sub"])
    lines = [line for widget in body["widgets"] for line in widget["properties"]["metrics"]]
    assert len(lines) == len(alarms(resources))


def test_a_stage_sets_memory_and_retention(resources: Template) -> None:
    prod = load_stage("prod")
    assert properties(resources, "APIHandler")["MemorySize"] == prod.memory["APIHandler"]
