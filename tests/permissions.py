"""Least privilege, shown by what the tests do: each call of AWS that a function makes is written
down, and compared with the policies when the tests are over. Each must be allowed on its resource;
where the whole suite ran, each allowed action must have been needed too: by the function itself, or
by a part of it that a test called. Otherwise the run fails.
"""

import ast
import inspect
import json
import sys
from collections.abc import Callable, Iterator
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
FOLDER = ROOT / "build" / "calls"
Call = tuple[str, str, str]
_calls: set[Call] = set()
_function: ContextVar[str | None] = ContextVar("function", default=None)

# What is needed although nothing here calls it: Lambda itself does (it reads the stream, reports
# failures, writes logs and traces), a browser with what was signed, or S3 where it tells a missing
# object from a forbidden one.
_BY_OTHERS = {
    "dynamodb:GetRecords",
    "dynamodb:GetShardIterator",
    "dynamodb:DescribeStream",
    "dynamodb:ListStreams",
    "sqs:SendMessage",
    "logs:CreateLogStream",
    "logs:PutLogEvents",
    "xray:PutTraceSegments",
    "xray:PutTelemetryRecords",
    "s3:ListBucket",
    "s3:ListBucketMultipartUploads",
}
_S3 = {
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
_OF_BUCKET = {"ListBucket", "ListBucketMultipartUploads"}
_VERSIONED = {"GetObject": "GetObjectVersion", "DeleteObject": "DeleteObjectVersion"}
_TRANSACTED = {"Put": "PutItem", "Update": "UpdateItem", "Delete": "DeleteItem"}


# --- written down while the tests run ---------------------------------------------------------


def record() -> None:
    """From now on write down every call that is made on behalf of a function."""
    BUILTIN_HANDLERS.append(("before-parameter-build", _note))
    _on_behalf(TestHTTPClient, "request", lambda _arguments: "api_handler")
    _on_behalf(TestLambdaClient, "invoke", lambda arguments: str(arguments[0]))


@contextmanager
def on_behalf(function: str) -> Iterator[None]:
    """What is called in the block, `function` calls."""
    before = _function.set(function)
    try:
        yield
    finally:
        _function.reset(before)


def save(worker: str) -> None:
    """Write down the calls of functions, and as `parts` those of what functions are made of."""
    reached = {name: _reached(name) for name in _policies()} if _calls else {}
    parts = {
        (function, action, resource)
        for part, action, resource in _calls
        for function, modules in reached.items()
        if part in modules
    }
    own = sorted(call for call in _calls if call[0] in reached)
    FOLDER.mkdir(parents=True, exist_ok=True)
    noted = {"functions": own, "parts": sorted(parts)}
    (FOLDER / f"{worker}.json").write_text(json.dumps(noted))


def _reached(function: str) -> set[str]:
    """The names of all modules behind what `function` says in `app.py`."""
    import app

    if function == "api_handler":
        return set()
    said = ast.walk(ast.parse(inspect.getsource(app)))
    (its,) = (each for each in said if isinstance(each, ast.FunctionDef) and each.name == function)
    names = {each.id for each in ast.walk(its) if isinstance(each, ast.Name)}
    waiting = [vars(app)[name] for name in names if isinstance(vars(app).get(name), ModuleType)]
    found: set[str] = set()
    while waiting:
        module = waiting.pop()
        if module.__name__.startswith("chalicelib.") and module.__name__ not in found:
            found.add(module.__name__)
            behind = (getattr(each, "__module__", None) for each in vars(module).values())
            waiting += [sys.modules[name] for name in behind if name in sys.modules]
            waiting += [each for each in vars(module).values() if isinstance(each, ModuleType)]
    return found


def _on_behalf(client: Any, verb: str, function: Callable[[Any], str]) -> None:
    call = getattr(client, verb)

    @wraps(call)
    def noted(self: Any, *arguments: Any, **options: Any) -> Any:
        with on_behalf(function(arguments)):
            return call(self, *arguments, **options)

    setattr(client, verb, noted)


def _note(params: dict[str, Any], model: Any, **_: Any) -> None:
    caller = _function.get() or _outermost()
    if caller is not None:
        service = model.service_model.service_name
        for action, resource in _needs(service, model.name, params):
            _calls.add((caller, f"{service}:{action}", resource))


def _outermost() -> str | None:
    """Our module that a test called without a function around it, if there is one."""
    frame, found = inspect.currentframe(), None
    while frame is not None:
        name = str(frame.f_globals.get("__name__"))
        found = name if name.startswith("chalicelib.domain.") else found
        frame = frame.f_back
    return found


def _needs(service: str, operation: str, params: dict[str, Any]) -> Iterator[tuple[str, str]]:
    if operation == "CreateBucket":  # so botocore calls the signing of a form
        return
    if service == "s3":
        yield _of_s3(operation, params)
    elif operation == "TransactWriteItems":
        for item in params["TransactItems"]:
            (kind,) = item
            yield _TRANSACTED.get(kind, "ConditionCheckItem"), "${Table.Arn}"
    elif service == "dynamodb":
        index = params.get("IndexName")
        yield operation, "${Table.Arn}" + (f"/index/{index}" if index else "")
    elif service == "lambda":
        yield f"{operation}Function", "${RunJobs.Arn}"
    else:
        yield operation, "*"


def _of_s3(operation: str, params: dict[str, Any]) -> tuple[str, str]:
    action = _S3.get(operation, operation)
    if params.get("VersionId"):
        action = _VERSIONED.get(action, action)
    if action in _OF_BUCKET:
        return action, "${Bucket.Arn}"
    key = str(params.get("Key") or params["Delete"]["Objects"][0]["Key"])
    return action, "${Bucket.Arn}/" + key.partition("/")[0] + "/x"


# --- judged when they have run -----------------------------------------------------------------


def differences(*, whole: bool) -> list[str]:
    """What was done and is not allowed and, of a whole run, what is allowed and was never done."""
    noted = [json.loads(path.read_text()) for path in FOLDER.glob("*.json")]
    calls, parts = (
        {(str(f), str(a), str(r)) for some in noted for f, a, r in some[kind]}
        for kind in ("functions", "parts")
    )
    wrong = []
    for function, policy in _policies().items():
        own = {(action, resource) for name, action, resource in calls if name == function}
        wrong += [
            f"{function} may not {a} on {r}" for a, r in sorted(own) if not _allows(policy, a, r)
        ]
        done = {action for name, action, _ in calls | parts if name == function}
        needed = done | _BY_OTHERS | _signed(function)
        if whole:
            wrong += [f"{function} never needs {a}" for a in sorted(_actions(policy) - needed)]
    return wrong


def _signed(function: str) -> set[str]:
    """A form for a browser is signed here without any call; what it does, it does as the API."""
    return {"s3:PutObject"} if function == "api_handler" else set()


def _policies() -> dict[str, list[dict[str, Any]]]:
    config = json.loads((ROOT / ".chalice" / "config.json").read_text())
    return {
        function: json.loads((ROOT / ".chalice" / its["iam_policy_file"]).read_text())["Statement"]
        for function, its in config["lambda_functions"].items()
    }


def _actions(policy: list[dict[str, Any]]) -> set[str]:
    return {action for statement in policy for action in statement["Action"]}


def _allows(policy: list[dict[str, Any]], action: str, resource: str) -> bool:
    return any(
        action in statement["Action"]
        and any(resource == "*" or fnmatchcase(resource, own) for own in _resources(statement))
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
