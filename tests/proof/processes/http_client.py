"""A client process: makes requests over HTTP and reports when each began and ended.

Reads a line of JSON, `{"at": seconds, "requests": [...]}`, waits until then, makes the requests one
after another, and writes a line with one object for each. Times are those of the monotonic clock,
which all processes of a machine share. A request is `{"method", "url", "headers", "body"}`; with
`if_match` it requires the ETag of the response before.
"""

import http.client
import json
import sys
import time
from typing import Any
from urllib.parse import urlsplit

_TIMEOUT_SECONDS = 60


def run(requests: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Make the requests one after another."""
    answers: list[dict[str, Any]] = []
    for request in requests:
        headers = dict(request["headers"])
        if request.get("if_match") and answers:
            headers["If-Match"] = answers[-1]["etag"]
        answers.append(_send(request, headers))
    return answers


def _send(request: dict[str, Any], headers: dict[str, str]) -> dict[str, Any]:
    url = urlsplit(request["url"])
    connection = http.client.HTTPConnection(str(url.netloc), timeout=_TIMEOUT_SECONDS)
    body = json.dumps(request["body"]) if request["body"] is not None else None
    began = time.monotonic()
    path = f"{url.path}?{url.query}" if url.query else url.path
    connection.request(request["method"], path, body, headers)
    response = connection.getresponse()
    content = response.read()
    ended = time.monotonic()
    connection.close()
    return {
        "began": began,
        "ended": ended,
        "status": response.status,
        "etag": response.headers.get("ETag", ""),
        "body": json.loads(content) if content else None,
    }


def main() -> None:
    for line in sys.stdin:
        work = json.loads(line)
        time.sleep(max(0, work["at"] - time.monotonic()))
        print(json.dumps(run(work["requests"])), flush=True)


if __name__ == "__main__":
    main()
