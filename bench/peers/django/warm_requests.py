"""Send requests to the WSGI application in this process: `python warm_requests.py SCENARIO N`.

The variable BENCH has the ids and the token as JSON. The program fails when an answer is not a
success. Zero requests measure the import of the application.
"""

import io
import json
import os
import sys
from typing import Any


def build_environ(name: str, turn: int, sample: dict[str, str]) -> dict[str, Any]:
    """Return the WSGI environment of the scenario's request number `turn`."""
    query, body = "", None
    path = "/api/tasks/"
    if name == "get":
        method, path = "GET", f"/api/tasks/{sample['task']}/"
    elif name == "list":
        method, query = "GET", f"project={sample['project']}&status=todo"
    elif name == "status":
        method, path = "PATCH", f"/api/tasks/{sample['task']}/status/"
        body = {"status": ("done", "review")[turn % 2]}
    elif name == "create":
        method = "POST"
        body = {
            "project": sample["project"],
            "title": "A new task",
            "description": "x" * 200,
            "priority": "high",
            "due_date": "2030-01-01T00:00:00Z",
        }
    elif name == "statistics":
        method, path, query = "GET", "/api/tasks/statistics/", f"project={sample['project']}"
    else:
        raise ValueError(name)
    content = b"" if body is None else json.dumps(body).encode()
    return {
        "REQUEST_METHOD": method,
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "CONTENT_TYPE": "application/json",
        "CONTENT_LENGTH": str(len(content)),
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_HOST": "localhost",
        "HTTP_ACCEPT": "application/json",
        "HTTP_AUTHORIZATION": f"Bearer {sample['token']}",
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(content),
        "wsgi.errors": sys.stderr,
        "wsgi.version": (1, 0),
        "wsgi.multithread": False,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }


def main() -> None:
    name, count = sys.argv[1], int(sys.argv[2])
    sample = json.loads(os.environ["BENCH"])
    from peer.wsgi import application

    for turn in range(count):
        statuses: list[str] = []
        answer = application(
            build_environ(name, turn, sample),
            lambda status, headers: statuses.append(status),  # noqa: B023
        )
        content = b"".join(answer)
        answer.close()
        if not statuses[0].startswith("2"):
            sys.exit(f"{name}: {statuses[0]} {content.decode()}")


if __name__ == "__main__":
    main()
