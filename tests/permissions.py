"""Compares the policies of the functions with the AWS calls that the functions make in the tests.

While the tests run, every AWS call is recorded with the function that makes it. At the end, each
call must be allowed on its resource. After a run of all tests, each allowed action must also have
been needed: by the function itself, or by one of its modules that a test called directly.
Otherwise the run fails.
"""

import ast
import inspect
import json
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from fnmatch import fnmatchcase
from functools import wraps
from pathlib import Path
from types import ModuleType
from typing import Any

from botocore.handlers import BUILTIN_HANDLERS
from chalice.test import TestHTTPClient, TestLambdaClient

ROOT = Path(__file__).parents[1]
CALLS_DIR = ROOT / "build" / "calls"
Call = tuple[str, str, str]
# Packages whose modules are not services.
_LOW_LEVEL = {"aws", "dynamodb", "http"}
_calls: set[Call] = set()
_function: ContextVar[str | None] = ContextVar("function", default=None)

# Actions that are needed although no code here calls them. Lambda calls them (it reads the stream
# and the queue, reports failures, writes logs and traces), or S3 checks them to tell a missing
# object from a forbidden one.
_NEEDED_BY_AWS = {
    "dynamodb:GetRecords",
    "dynamodb:GetShardIterator",
    "dynamodb:DescribeStream",
    "dynamodb:ListStreams",
    "sqs:SendMessage",
    "sqs:ReceiveMessage",
    "sqs:DeleteMessage",
    "sqs:GetQueueAttributes",
    "logs:CreateLogStream",
    "logs:PutLogEvents",
    "xray:PutTraceSegments",
    "xray:PutTelemetryRecords",
    "s3:ListBucket",
    "s3:ListBucketMultipartUploads",
}
_S3_ACTIONS = {
    "HeadObject": "GetObject",
    "CopyObject": "PutObject",
    "CreateMultipartUpload": "PutObject",
    "UploadPart": "PutObject",
    "CompleteMultipartUpload": "PutObject",
    "ListParts": "ListMultipartUploadParts",
    "DeleteObjects": "DeleteObject",
    "HeadBucket": "ListBucket",
    "ListObjectsV2": "ListBucket",
    "ListMultipartUploads": "ListBucketMultipartUploads",
}
# The prefix of a service's actions, where it is not botocore's name of the service.
_PREFIXES = {"apigatewaymanagementapi": "execute-api"}
_BUCKET_ACTIONS = {"ListBucket", "ListBucketMultipartUploads"}
_VERSION_ACTIONS = {"GetObject": "GetObjectVersion", "DeleteObject": "DeleteObjectVersion"}
# Calls of other services with the action that they need and its resource.
_LIVE_API = "arn:${AWS::Partition}:execute-api:${AWS::Region}:${AWS::AccountId}:${LiveApi}/v1"
_OTHER_CALLS = {
    "Invoke": ("InvokeFunction", "${RunJobs.Arn}"),
    "PostToConnection": ("ManageConnections", f"{_LIVE_API}/POST/@connections/x"),
    "DeleteConnection": ("ManageConnections", f"{_LIVE_API}/DELETE/@connections/x"),
}
# The queues that functions fill, by the ends of their addresses in `conftest.py`.
_QUEUES = {"live.fifo": "${LiveEvents.Arn}", "hooks.fifo": "${WebhookDeliveries.Arn}"}
_TRANSACTION_ACTIONS = {"Put": "PutItem", "Update": "UpdateItem", "Delete": "DeleteItem"}


# --- while the tests run ----------------------------------------------------------------------


def start_recording() -> None:
    """Record every AWS call of a function from now on."""
    BUILTIN_HANDLERS.append(("before-parameter-build", _record_call))
    _record_client(TestHTTPClient, "request", lambda _arguments: "api_handler")
    _record_client(TestLambdaClient, "invoke", lambda arguments: str(arguments[0]))


@contextmanager
def recorded_as(function: str) -> Iterator[None]:
    """Record the AWS calls in the block as calls of `function`."""
    token = _function.set(function)
    try:
        yield
    finally:
        _function.reset(token)


def save_calls(worker: str) -> None:
    """Write the recorded calls to a file of the pytest worker.

    `functions` are the calls of functions; `parts` the calls of modules that functions use.
    """
    modules_of = {name: _list_modules(name) for name in _policies()} if _calls else {}
    parts = {
        (function, action, resource)
        for part, action, resource in _calls
        for function, modules in modules_of.items()
        if part in modules
    }
    own = sorted(call for call in _calls if call[0] in modules_of)
    CALLS_DIR.mkdir(parents=True, exist_ok=True)
    recorded = {"functions": own, "parts": sorted(parts)}
    (CALLS_DIR / f"{worker}.json").write_text(json.dumps(recorded))


def _list_modules(function: str) -> set[str]:
    """Return the names of the service modules that the handler `function` of `app.py` uses."""
    import app

    if function == "api_handler":
        return set()
    nodes = ast.walk(ast.parse(inspect.getsource(app)))
    (handler,) = (
        node for node in nodes if isinstance(node, ast.FunctionDef) and node.name == function
    )
    # A handler imports what it calls when it is called.
    imports = [node for node in ast.walk(handler) if isinstance(node, ast.ImportFrom)]
    waiting = []
    for node in imports:
        names = [alias.name for alias in node.names]
        module = __import__(str(node.module), fromlist=names)
        waiting += _modules_of(vars(module)[name] for name in names)
    found: set[str] = set()
    while waiting:
        module = waiting.pop()
        if _is_service_module(module.__name__) and module.__name__ not in found:
            found.add(module.__name__)
            waiting += _modules_of(vars(module).values())
    if not found:
        raise ValueError(f"the handler {function} imports no service module")
    return found


def _modules_of(values: Iterable[Any]) -> list[ModuleType]:
    """Return the modules among `values`, and the modules that define the other values."""
    values = list(values)
    names = (getattr(value, "__module__", None) for value in values)
    return [value for value in values if isinstance(value, ModuleType)] + [
        sys.modules[name] for name in names if name in sys.modules
    ]


def _is_service_module(name: str) -> bool:
    """Return whether a module contains services or jobs, and no bare access to AWS or HTTP."""
    top, _, rest = name.partition(".")
    package, _, file = rest.partition(".")
    is_models = file == "models" or file.endswith("_models")
    return top == "chalicelib" and bool(file) and package not in _LOW_LEVEL and not is_models


def _record_client(client: Any, method: str, function: Callable[[Any], str]) -> None:
    call = getattr(client, method)

    @wraps(call)
    def recorded(self: Any, *arguments: Any, **options: Any) -> Any:
        with recorded_as(function(arguments)):
            return call(self, *arguments, **options)

    setattr(client, method, recorded)


def _record_call(params: dict[str, Any], model: Any, **_: Any) -> None:
    caller = _function.get() or _find_outermost_module()
    if caller is not None:
        service = model.service_model.service_name
        for action, resource in _list_needed(service, model.name, params):
            _calls.add((caller, f"{_PREFIXES.get(service, service)}:{action}", resource))


def _find_outermost_module() -> str | None:
    """Return the service module that a test called directly, or None if there is none."""
    frame, found = inspect.currentframe(), None
    while frame is not None:
        name = str(frame.f_globals.get("__name__"))
        found = name if _is_service_module(name) else found
        frame = frame.f_back
    return found


def _list_needed(service: str, operation: str, params: dict[str, Any]) -> Iterator[tuple[str, str]]:
    if operation == "CreateBucket":  # botocore's name for signing a form, which calls nothing
        return
    if service == "s3":
        yield _needed_in_s3(operation, params)
    elif operation == "TransactWriteItems":
        for item in params["TransactItems"]:
            (kind,) = item
            yield _TRANSACTION_ACTIONS.get(kind, "ConditionCheckItem"), "${Table.Arn}"
    elif service == "dynamodb":
        index = params.get("IndexName")
        yield operation, "${Table.Arn}" + (f"/index/{index}" if index else "")
    elif operation == "SendMessageBatch":
        yield "SendMessage", _QUEUES[params["QueueUrl"].rpartition("/")[2]]
    else:
        yield _OTHER_CALLS.get(operation, (operation, "*"))


def _needed_in_s3(operation: str, params: dict[str, Any]) -> tuple[str, str]:
    action = _S3_ACTIONS.get(operation, operation)
    if params.get("VersionId"):
        action = _VERSION_ACTIONS.get(action, action)
    if action in _BUCKET_ACTIONS:
        return action, "${Bucket.Arn}"
    key = str(params.get("Key") or params["Delete"]["Objects"][0]["Key"])
    return action, "${Bucket.Arn}/" + key.partition("/")[0] + "/x"


# --- after the tests ---------------------------------------------------------------------------


def find_differences(*, whole: bool) -> list[str]:
    """Return a line for each recorded call that is not allowed.

    With `whole` (all tests ran), also for each allowed action that no call needed.
    """
    recorded = [json.loads(path.read_text()) for path in CALLS_DIR.glob("*.json")]
    calls, parts = (
        {(str(f), str(a), str(r)) for worker in recorded for f, a, r in worker[kind]}
        for kind in ("functions", "parts")
    )
    differences = []
    for function, policy in _policies().items():
        own = {(action, resource) for name, action, resource in calls if name == function}
        differences += [
            f"{function} may not {a} on {r}" for a, r in sorted(own) if not _allows(policy, a, r)
        ]
        called = {action for name, action, _ in calls | parts if name == function}
        # The API signs the form of an upload without a call; the browser uses it with its rights.
        signed = {"s3:PutObject"} if function == "api_handler" else set()
        needed = called | _NEEDED_BY_AWS | signed
        if whole:
            differences += [
                f"{function} never needs {a}" for a in sorted(_actions(policy) - needed)
            ]
    return differences


def _policies() -> dict[str, list[dict[str, Any]]]:
    config = json.loads((ROOT / ".chalice" / "config.json").read_text())
    files = {name: entry["iam_policy_file"] for name, entry in config["lambda_functions"].items()}
    return {
        function: json.loads((ROOT / ".chalice" / file).read_text())["Statement"]
        for function, file in files.items()
    }


def _actions(policy: list[dict[str, Any]]) -> set[str]:
    return {action for statement in policy for action in statement["Action"]}


def _allows(policy: list[dict[str, Any]], action: str, resource: str) -> bool:
    return any(
        action in statement["Action"]
        and any(
            resource == "*" or fnmatchcase(resource, pattern) for pattern in _resources(statement)
        )
        for statement in policy
    )


def _resources(statement: dict[str, Any]) -> Iterator[str]:
    named = statement["Resource"]
    for resource in named if isinstance(named, list) else [named]:
        match resource:
            case {"Fn::GetAtt": [name, attribute]}:
                yield f"${{{name}.{attribute}}}"
            case {"Fn::Sub": text}:
                yield text
            case _:
                yield str(resource)
