"""The web client behind the distribution of the stack, on a local cloud.

The local cloud serves the bucket through the distribution and runs its function. It does not call
API Gateway, which has an address of AWS: a test puts a server of its own in its place.
"""

import json
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import boto3
import pytest
import requests

from infra.deployment import client_release, deploy
from infra.stage import LOCAL, Stage, load_stage
from infra.template import read_template
from infra.web_client import BUILD
from localstack import cloud
from localstack.stack import use_endpoint
from localstack.static_files import read_client_headers

FULL = {"WebClient": "full", "AppUrl": "", "ApiUrl": ""}
NONE = {"WebClient": "none", "AppUrl": "https://tasks.example.com"}


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a local cloud of this module, to which boto3 is directed."""
    port = cloud.find_free_port()
    process = cloud.start(port, tmp_path_factory.mktemp("client-cloud"))
    endpoint = cloud.get_endpoint(port)
    with use_endpoint(endpoint):
        yield endpoint
    cloud.stop(process)


@pytest.fixture(scope="module")
def stage() -> Stage:
    return load_stage(LOCAL, FULL)


@pytest.fixture(scope="module")
def outputs(endpoint: str, stage: Stage) -> dict[str, str]:
    outputs = deploy.deploy(stage)
    _allow_plain_http(outputs["ClientBucketName"])
    return outputs


def _allow_plain_http(bucket: str) -> None:
    """Remove the rule that requires TLS, which the local cloud does not have."""
    s3 = boto3.client("s3")
    policy = json.loads(s3.get_bucket_policy(Bucket=bucket)["Policy"])
    policy["Statement"] = [each for each in policy["Statement"] if each["Sid"] != "OnlyOverTls"]
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps(policy))


class Viewer:
    """A browser at the distribution's address."""

    def __init__(self, endpoint: str, host: str) -> None:
        self._endpoint = endpoint
        self._headers = {"Host": host, "X-Forwarded-Proto": "https"}

    def send(self, method: str, path: str, **options: Any) -> requests.Response:
        headers = self._headers | options.pop("headers", {})
        options = {"headers": headers, "timeout": 30, "allow_redirects": False} | options
        return requests.request(method, self._endpoint + path, **options)

    def get(self, path: str, **options: Any) -> requests.Response:
        return self.send("GET", path, **options)


@pytest.fixture
def viewer(endpoint: str, outputs: dict[str, str]) -> Viewer:
    return Viewer(endpoint, outputs["ClientHost"])


def test_every_page_is_the_same_file_and_is_never_cached(viewer: Viewer) -> None:
    page = (BUILD / "index.html").read_text()
    for path in (
        "/",
        "/index.html",
        "/login",
        "/projects/1/board?task=2",
        "/tasks/WEB-1",
        "/api-x",
    ):
        answer = viewer.get(path)
        assert (answer.status_code, answer.text) == (200, page), path
        assert answer.headers["Cache-Control"] == "no-cache"
        assert answer.headers["Content-Type"] == "text/html; charset=utf-8"


def test_a_file_with_a_hash_in_its_name_is_cached_forever(viewer: Viewer) -> None:
    script = next((BUILD / "assets").glob("*.js"))
    answer = viewer.get(f"/assets/{script.name}")
    assert answer.content == script.read_bytes()
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"


@pytest.mark.parametrize("path", ["/assets/index-0000.js", "/robots.txt", "/.vite/first-load.json"])
def test_a_missing_file_is_not_a_page(viewer: Viewer, path: str) -> None:
    """S3 answers 404, the local cloud 403."""
    assert viewer.get(path).status_code in {403, 404}


def test_pages_have_the_security_headers_of_make_run(
    viewer: Viewer, stage: Stage, outputs: dict[str, str]
) -> None:
    storage = f"https://{outputs['BucketName']}.s3.us-east-1.amazonaws.com"
    answer = viewer.get("/login")
    policy = answer.headers["Content-Security-Policy"]
    (live,) = re.findall(r"wss://\w+\.execute-api\.us-east-1\.amazonaws\.com(?=;)", policy)
    expected = read_client_headers(read_template(stage.template), storage, live)
    assert {name: answer.headers.get(name) for name in expected} == expected


def test_plain_http_is_redirected_and_pages_are_only_read(viewer: Viewer) -> None:
    plain = viewer.get("/login", headers={"X-Forwarded-Proto": "http"})
    assert plain.status_code == 301
    assert plain.headers["Location"].startswith("https://")
    assert viewer.send("POST", "/projects").status_code == 403


def test_links_in_mails_lead_to_the_distribution(outputs: dict[str, str], stage: Stage) -> None:
    address = f"https://{outputs['ClientHost']}"
    assert (outputs["AppUrl"], outputs["ApiUrl"]) == (address, f"{address}/api")
    functions = deploy.list_functions(stage)
    for name in ("DispatchMail", "SweepMail", "RunJobs", "SweepJobs"):
        found = boto3.client("lambda").get_function_configuration(FunctionName=functions[name])
        variables = found["Environment"]["Variables"]
        assert variables["APP_URL"] == address
        assert variables.get("API_URL", address) == address


def test_browsers_may_upload_files_from_pages_of_the_distribution(outputs: dict[str, str]) -> None:
    (rule,) = boto3.client("s3").get_bucket_cors(Bucket=outputs["BucketName"])["CORSRules"]
    assert "https://*.cloudfront.net" in rule["AllowedOrigins"]


class _Origin(BaseHTTPRequestHandler):
    """Answers every request, and keeps what it received."""

    received: list["_Origin"]

    def __getattr__(self, name: str) -> Any:
        if name.startswith("do_"):
            return self._answer
        raise AttributeError(name)

    def _answer(self) -> None:
        self.body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        self.received.append(self)
        self.send_response(201)
        self.send_header("Set-Cookie", "a=b")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Log nothing."""


@pytest.fixture
def origin(outputs: dict[str, str]) -> Iterator[list[_Origin]]:
    """A server in place of API Gateway; the requests that it receives."""
    received: list[_Origin] = []
    handler = type("Origin", (_Origin,), {"received": received})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    cloudfront = boto3.client("cloudfront")
    (found,) = cloudfront.list_distributions()["DistributionList"]["Items"]
    answer = cloudfront.get_distribution_config(Id=found["Id"])
    config = answer["DistributionConfig"]
    (api,) = (each for each in config["Origins"]["Items"] if each["Id"] == "api")
    api["DomainName"] = "127.0.0.1"
    api["CustomOriginConfig"] |= {
        "HTTPPort": server.server_port,
        "HTTPSPort": 443,
        "OriginProtocolPolicy": "http-only",
    }
    cloudfront.update_distribution(
        Id=found["Id"], IfMatch=answer["ETag"], DistributionConfig=config
    )
    yield received
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "PUT", "PATCH", "POST", "DELETE"])
def test_the_api_gets_requests_as_they_are(
    viewer: Viewer, outputs: dict[str, str], origin: list[_Origin], method: str
) -> None:
    sent = {
        "Authorization": "Bearer token",
        "Cookie": "__Secure-refresh=secret",
        "If-Match": '"1"',
        "Idempotency-Key": "key",
        "X-Forwarded-For": "198.51.100.7",
        "X-Origin-Key": "a guess",
    }
    answer = viewer.send(method, "/api/tasks/?status=todo&q=a%20b", headers=sent, data=b"{}")
    assert (answer.status_code, answer.headers["Set-Cookie"]) == (201, "a=b")
    (request,) = origin
    assert (request.command, request.path) == (method, "/v1/api/tasks/?status=todo&q=a%20b")
    assert request.body == b"{}"
    forwarded = dict(request.headers)
    secrets = boto3.client("secretsmanager").list_secrets()["SecretList"]
    (key,) = (secret["ARN"] for secret in secrets if "OriginKey" in secret["Name"])
    value = boto3.client("secretsmanager").get_secret_value(SecretId=key)["SecretString"]
    expected = sent | {"X-Forwarded-For": "198.51.100.7, 127.0.0.1", "X-Origin-Key": value}
    lower = {name.lower(): text for name, text in forwarded.items()}
    assert {name: lower.get(name.lower()) for name in expected} == expected
    assert outputs["ClientHost"] not in lower["host"]


def test_the_index_of_the_api_is_not_a_page(viewer: Viewer, origin: list[_Origin]) -> None:
    assert viewer.get("/api").status_code == 201
    assert [request.path for request in origin] == ["/v1/api"]


def test_a_changed_client_is_released_without_a_change_of_the_stack(
    viewer: Viewer,
    stage: Stage,
    outputs: dict[str, str],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "index.html").write_text("<title>another</title>")
    client_release.release_client(outputs["ClientBucketName"], tmp_path)
    assert "another" in viewer.get("/").text
    assert "~ 1 files of the web client" in deploy.describe_changes(stage)
    deploy.deploy(stage)
    assert viewer.get("/").text == (BUILD / "index.html").read_text()
    assert deploy.describe_changes(stage) == "task-manager-local: nothing to change"


def test_without_web_client_its_bucket_is_emptied_and_removed(outputs: dict[str, str]) -> None:
    """The last test: it changes the stack of all others."""
    changed = deploy.deploy(load_stage(LOCAL, NONE))
    assert not {"ClientBucketName", "ClientHost"} & set(changed)
    assert boto3.client("cloudfront").list_distributions()["DistributionList"]["Quantity"] == 0
    buckets = boto3.client("s3").list_buckets()["Buckets"]
    assert outputs["ClientBucketName"] not in {bucket["Name"] for bucket in buckets}
    deploy.deploy(load_stage(LOCAL, FULL))
    deploy.destroy(load_stage(LOCAL, FULL))
    assert boto3.client("s3").list_buckets()["Buckets"] == []
