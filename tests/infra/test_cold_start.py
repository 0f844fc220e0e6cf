"""The modules and files that the packaged app loads at its start, and at the first request."""

import importlib.util
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any, ClassVar
from zipfile import ZipFile

import pytest

from infra import stage
from infra.packaging import package
from infra.packaging.package import PLACEHOLDERS
from tests.threaded_server import run_in_thread

UNCHECKED_HASH = 0b01
TOKEN = f"tmk_{'0' * 52}_{'x' * 43}"
# Writes a line after the import of the app and after each request: the answer, the names of all
# modules, the files that were opened and the sources that were compiled. It writes to stderr,
# because logs go to stdout.
SCRIPT = """
import json, sys

opened, compiled = set(), set()

def watch(event, arguments):
    if event == "open" and isinstance(arguments[0], str):
        opened.add(arguments[0])
    elif event == "compile" and str(arguments[1]).endswith(".py"):
        compiled.add(str(arguments[1]))

sys.addaudithook(watch)
import app

class Context:
    aws_request_id = function_name = memory_limit_in_mb = invoked_function_arn = "x"

def report(answer):
    print(json.dumps([answer, [*sys.modules], [*opened], [*compiled]]), file=sys.stderr)

report(None)
for method, path in json.loads(sys.argv[1]):
    request = {"resourcePath": path, "httpMethod": method, "requestId": "r", "identity": {}}
    event = {"requestContext": request, "headers": {"Authorization": "Bearer " + sys.argv[2]}}
    event |= {"pathParameters": {"task_id": "0" * 52}, "stageVariables": None}
    event |= {"multiValueHeaders": {}, "multiValueQueryStringParameters": None}
    event["multiValueHeaders"] = {"Authorization": ["Bearer " + sys.argv[2]]}
    report(app.app(event | {"body": None, "isBase64Encoded": False}, Context()))
"""


class Start:
    """The state of a started app after its import, or after a request that it answered."""

    def __init__(self, line: str) -> None:
        self.answer, modules, opened, compiled = json.loads(line)
        self.modules, self.opened, self.compiled = set(modules), set(opened), set(compiled)


class EmptyDynamoDB(BaseHTTPRequestHandler):
    """Answers each BatchGetItem with no items."""

    protocol_version = "HTTP/1.1"
    targets: ClassVar[list[str]] = []

    def do_POST(self) -> None:
        self.targets.append(self.headers["X-Amz-Target"])
        self.rfile.read(int(self.headers["Content-Length"]))
        body = b'{"Responses": {}}'
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture(scope="module")
def dynamodb() -> Iterator[str]:
    """The address of a DynamoDB without items."""
    with run_in_thread(HTTPServer(("127.0.0.1", 0), EmptyDynamoDB)) as server:
        yield f"http://127.0.0.1:{server.server_address[1]}"


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the unpacked functions of the local stage."""
    local = stage.load_stage("local")
    package.package(local)
    folder = tmp_path_factory.mktemp("unpacked")
    with ZipFile(local.zip) as archive:
        archive.extractall(folder)
    return folder


def start(unpacked: Path, *requests: tuple[str, str], token: str = "", **more: str) -> list[Start]:
    """Start the app in Lambda's environment and send the requests."""
    environment = PLACEHOLDERS | {"PATH": os.environ["PATH"], "AWS_LAMBDA_FUNCTION_NAME": "api"}
    done = subprocess.run(
        [sys.executable, "-S", "-c", SCRIPT, json.dumps(requests), token],
        cwd=unpacked,
        env=environment | {"AWS_ACCESS_KEY_ID": "k", "AWS_SECRET_ACCESS_KEY": "s", **more},
        capture_output=True,
        text=True,
        check=True,
    )
    return [Start(line) for line in done.stderr.splitlines()]


def test_each_module_has_bytecode_that_needs_no_source() -> None:
    """Only the app has sources, for the lines in tracebacks."""
    local = stage.load_stage("local")
    package.package(local)
    with ZipFile(local.zip) as archive:
        names = set(archive.namelist())
        sources = {name for name in names if name.endswith(".py")}
        assert {name.split("/")[0] for name in sources} == {"app.py", "chalicelib"}
        assert {importlib.util.cache_from_source(name) for name in sources} <= names
        for name in names:
            if name.endswith(".pyc"):
                assert int.from_bytes(archive.read(name)[4:8], "little") == UNCHECKED_HASH


def test_a_task_route_imports_no_package_that_it_does_not_use(
    unpacked: Path, dynamodb: str
) -> None:
    [_, task] = start(
        unpacked, ("GET", "/api/tasks/{task_id}"), token=TOKEN, AWS_ENDPOINT_URL=dynamodb
    )
    assert (task.answer["statusCode"], EmptyDynamoDB.targets) == (
        401,
        ["DynamoDB_20120810.BatchGetItem"],
    )
    unused = {"argon2", "asyncio", "boto3", "cryptography", "dateutil", "email", "idna", "jinja2"}
    unused |= {
        "http.client",
        "joserfc",
        "jmespath",
        "nh3",
        "pyromark",
        "s3transfer",
        "urllib.request",
    }
    unused |= {"urllib3", "xlsxwriter", "zoneinfo"}
    assert task.modules & unused == set()
    allowed = {"botocore", "botocore.exceptions"}
    botocore = {name for name in task.modules if name.split(".")[0] == "botocore"}
    assert {name for name in botocore if not name.startswith("botocore.vendored")} == allowed
    assert len(task.modules) <= 370


def test_a_cold_start_compiles_no_file_and_opens_few(unpacked: Path, dynamodb: str) -> None:
    [_, task] = start(
        unpacked, ("GET", "/api/tasks/{task_id}"), token=TOKEN, AWS_ENDPOINT_URL=dynamodb
    )
    assert task.compiled == set()
    assert len(task.opened) <= 300


def test_telemetry_is_imported_only_where_the_stage_exports_it(unpacked: Path) -> None:
    request = ("GET", "/api/health")
    [_, off] = start(unpacked, request)
    [_, on] = start(unpacked, request, OTLP_ENDPOINT="http://127.0.0.1:9")
    assert (off.answer["statusCode"], on.answer["statusCode"]) == (200, 200)
    assert "chalicelib.telemetry" not in off.modules
    assert "chalicelib.telemetry" in on.modules


def test_with_the_transport_of_botocore_the_app_starts_too(unpacked: Path, dynamodb: str) -> None:
    requests = [("GET", "/api/tasks/{task_id}")]
    variables = {"AWS_ENDPOINT_URL": dynamodb, "DYNAMODB_TRANSPORT": "botocore"}
    [_, task] = start(unpacked, *requests, token=TOKEN, **variables)
    assert task.answer["statusCode"] == 401
    assert {"botocore.client", "botocore.session"} <= task.modules


def test_the_routes_of_another_noun_are_imported_on_the_first_request(unpacked: Path) -> None:
    [before, after] = start(unpacked, ("GET", "/api/tasks/{task_id}/comments"))
    assert after.answer["statusCode"] == 401
    assert "chalicelib.comments.routes" in after.modules - before.modules
    assert "chalicelib.reports.routes" not in after.modules


def test_a_method_that_a_path_does_not_have_is_a_405_with_the_methods_of_all_modules(
    unpacked: Path,
) -> None:
    [_, avatar] = start(unpacked, ("DELETE", "/api/auth/profile/avatar/{avatar_id}/complete"))
    assert avatar.answer["statusCode"] == 405
    assert avatar.answer["headers"]["allow"] == "POST, OPTIONS"


def test_a_preflight_request_imports_the_routes_of_its_path(unpacked: Path) -> None:
    requests = [("OPTIONS", "/api/trash"), ("OPTIONS", "/api/tasks")]
    [_, trash, tasks] = start(unpacked, *requests)
    assert trash.answer["headers"]["access-control-allow-methods"] == "GET, HEAD"
    assert tasks.answer["headers"]["access-control-allow-methods"] == "GET, HEAD, POST"


def test_boto3_has_what_it_needs_in_the_package(unpacked: Path) -> None:
    """It signs, and describes each service that the app calls; other tests use the original."""
    script = """if True:
        from chalicelib.aws import clients, s3, s3_multipart
        s3.sign_upload_form("key", content_type="text/plain", size=1)
        s3_multipart.sign_part_url("key", "upload", number=1, size=1)
        clients.sqs_client().generate_presigned_url("list_queues")
        clients.secrets_manager_client().generate_presigned_url("list_secrets")
        clients.lambda_client().generate_presigned_url("list_functions")
        clients.ses_client().generate_presigned_url("get_send_quota")
        """
    subprocess.run(
        [sys.executable, "-S", "-c", script],
        cwd=unpacked,
        env=PLACEHOLDERS | {"AWS_ACCESS_KEY_ID": "k", "AWS_SECRET_ACCESS_KEY": "s"},
        check=True,
    )


def test_every_module_of_the_app_can_be_imported_from_the_package(unpacked: Path) -> None:
    """No module needs a file, a source or a docstring that the package does not have."""
    with_layer = {"chalicelib.reports.chart"}  # needs Pillow, which is in a layer
    names = {
        ".".join(path.relative_to(unpacked).with_suffix("").parts).removesuffix(".__init__")
        for path in (unpacked / "chalicelib").rglob("*.py")
    }
    script = "import importlib, sys; [importlib.import_module(name) for name in sys.argv[1:]]"
    libraries = ["boto3", "s3transfer", "jinja2", "nh3", "pyromark", "xlsxwriter", "argon2"]
    libraries += ["dateutil.rrule", "idna", "anyascii", "aws_lambda_powertools.metrics"]
    libraries += ["botocore.retries.standard", "jwt.jwks_client", "zoneinfo"]
    subprocess.run(
        [sys.executable, "-S", "-c", script, *sorted(names - with_layer), *libraries],
        cwd=unpacked,
        env=PLACEHOLDERS,
        check=True,
    )


def test_the_layer_of_the_api_has_what_its_libraries_need(unpacked: Path, tmp_path: Path) -> None:
    """Packaging leaves out parts of packages, such as the Python code of cffi."""
    with ZipFile(stage.load_stage("local").build_dir / "layer-identity.zip") as archive:
        archive.extractall(tmp_path)
    subprocess.run(
        [sys.executable, "-S", "-c", "import webauthn, joserfc.jwt"],
        cwd=unpacked,
        env={"PYTHONPATH": str(tmp_path / "python")},
        check=True,
    )
