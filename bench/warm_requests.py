"""Send requests to a Chalice app in this process: `python warm_requests.py SCENARIO N`.

`python -m bench` runs it for the packaged product and for the reference. The app is the module
`app` on PYTHONPATH; the variable BENCH has the ids and the token as JSON. The program imports
nothing else of the project, and fails when an answer is not a success. Zero requests measure the
import of the app. The scenario `reminders` runs the function that sends reminders instead.
"""

import json
import os
import sys
from typing import Any
from urllib.parse import parse_qsl

# Scenario -> method and path.
ROUTES = {
    "get": ("GET", "/api/tasks/{task_id}"),
    "list": ("GET", "/api/tasks"),
    "status": ("PATCH", "/api/tasks/{task_id}/status"),
    "create": ("POST", "/api/tasks"),
    "statistics": ("GET", "/api/tasks/statistics"),
    "project": ("GET", "/api/projects/{project_id}"),
    "projects": ("GET", "/api/projects"),
}


class Context:
    """The context that Lambda passes to a handler."""

    aws_request_id = "request"
    function_name = "api"
    memory_limit_in_mb = 1024
    invoked_function_arn = "arn:aws:lambda:us-east-1:000000000000:function:api"

    def get_remaining_time_in_millis(self) -> int:
        return 20_000


def build_event(name: str, turn: int, sample: dict[str, str]) -> dict[str, Any]:
    """Return the event of the scenario's request number `turn`, as API Gateway sends it.

    `list:QUERY` is a scenario for each query of a task list.
    """
    project, task = sample["project"], sample["task"]
    name, _, list_query = name.partition(":")
    method, path = ROUTES[name]
    body: dict[str, str] | None = None
    query: dict[str, str] = {}
    if name == "list":
        query = {"project": project, **dict(parse_qsl(list_query or "status=todo&limit=25"))}
    elif name == "statistics":
        query = {"project": project}
    elif name == "project":
        query = {"include": "members"}
    elif name == "status":
        body = {"status": ("done", "review")[turn % 2]}
    elif name == "create":
        body = {
            "project": project,
            "title": "A new task",
            "description": "x" * 200,
            "priority": "high",
            "due_date": "2030-01-01T00:00:00Z",
        }
    headers = {
        "Content-Type": "application/json",
        "Accept": "application/json",
        "Host": "api.example.com",
        "Authorization": f"Bearer {sample['token']}",
    }
    return {
        "resource": path,
        "path": path,
        "httpMethod": method,
        "headers": headers,
        "multiValueHeaders": {key: [value] for key, value in headers.items()},
        "queryStringParameters": query or None,
        "multiValueQueryStringParameters": {key: [value] for key, value in query.items()} or None,
        "pathParameters": {
            name: text
            for name, text in (("task_id", task), ("project_id", project))
            if f"{{{name}}}" in path
        }
        or None,
        "stageVariables": None,
        "body": None if body is None else json.dumps(body),
        "isBase64Encoded": False,
        "requestContext": {
            "resourcePath": path,
            "httpMethod": method,
            "path": f"/v1{path}",
            "stage": "v1",
            "requestId": "request",
            "identity": {"sourceIp": "127.0.0.1"},
            "accountId": "000000000000",
            "apiId": "api",
        },
    }


def main() -> None:
    name, count = sys.argv[1], int(sys.argv[2])
    sample = json.loads(os.environ["BENCH"])
    sys.stdout = open(os.devnull, "w")  # noqa: SIM115  # the log, as far as Python writes it
    import app as program

    if name == "reminders":
        for _ in range(count):
            program.send_reminders(json.loads(sample["event"]), Context())
        return
    app = program.app
    for turn in range(count):
        answer = app(build_event(name, turn, sample), Context())
        if answer["statusCode"] >= 300:
            sys.exit(f"{name}: {answer}")


if __name__ == "__main__":
    main()
