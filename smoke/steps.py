"""The steps of the smoke test, in order. Later steps use objects that earlier ones created."""

import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import boto3
import requests

from infra.deployment.deploy import get_outputs, list_functions
from infra.stage import LOCAL, Stage, get_local_endpoint

_PASSWORD = f"smoke {uuid4()}"
_TIMEOUT = 60
_TICK_SECONDS = 6 * 60


@dataclass
class SmokeTest:
    """The API under test, and the objects that the steps have created in it."""

    api_url: str
    functions: dict[str, str]
    client_url: str = ""  # empty without web client
    created: dict[str, Any] = field(default_factory=dict)
    http: requests.Session = field(default_factory=requests.Session)

    @classmethod
    def for_stage(cls, stage: Stage) -> "SmokeTest":
        outputs = get_outputs(stage)
        local = f"{get_local_endpoint()}/_aws/execute-api/{outputs['RestAPIId']}/v1/api"
        url = local if stage.name == LOCAL else outputs["ApiUrl"]
        client_url = outputs["AppUrl"] if "ClientHost" in outputs else ""
        return cls(url, list_functions(stage), client_url)

    def send(self, method: str, path: str, body: Any = None, **options: Any) -> requests.Response:
        """Send a request and return the response."""
        url = self.api_url + path
        return self.http.request(method, url, json=body, timeout=_TIMEOUT, **options)

    def request(self, method: str, path: str, body: Any = None) -> Any:
        """Send a request and return the JSON body. Raises AssertionError on an error status."""
        response = self.send(method, path, body)
        assert response.ok, f"{method} {path} answered {response.status_code}: {response.text}"
        return response.json() if response.content else None


@dataclass(frozen=True)
class Step:
    """A check with a title that says what is expected."""

    title: str
    run: Callable[[SmokeTest], None]
    only_aws: bool = False
    slow: bool = False


STEPS: list[Step] = []


def step(
    title: str, *, only_aws: bool = False, slow: bool = False
) -> Callable[[Callable[[SmokeTest], None]], Callable[[SmokeTest], None]]:
    """Add the decorated function to STEPS."""

    def register(run: Callable[[SmokeTest], None]) -> Callable[[SmokeTest], None]:
        STEPS.append(Step(("* " if only_aws else "") + title, run, only_aws, slow))
        return run

    return register


def _assert_problem(response: requests.Response, status: int, code: str) -> None:
    content_type = response.headers.get("Content-Type", "")
    found = f"{response.status_code} {content_type} {response.text[:200]}"
    assert response.status_code == status, found
    assert content_type.startswith("application/problem+json"), found
    assert response.json()["code"] == code, found


@step("health answers 200")
def check_health(smoke: SmokeTest) -> None:
    assert smoke.request("GET", "/health") == {"status": "ok"}


@step("a request without a token gets a 401 problem document")
def check_missing_token(smoke: SmokeTest) -> None:
    _assert_problem(smoke.send("GET", "/auth/profile"), 401, "unauthenticated")


@step("an unknown path gets our 404 problem document with the gateway's limit", only_aws=True)
def check_unknown_path(smoke: SmokeTest) -> None:
    response = smoke.send("GET", "/nowhere")
    _assert_problem(response, 404, "not_found")
    assert response.headers["RateLimit-Policy"].startswith('"gateway";q=')


@step("a body above the gateway's 10 MB gets our 413 with CORS headers", only_aws=True)
def check_large_body(smoke: SmokeTest) -> None:
    response = smoke.send("POST", "/auth/login", {"email": "x" * 11_000_000})
    _assert_problem(response, 413, "payload_too_large")
    assert response.headers["Access-Control-Allow-Origin"] == "*"


@step("a new user registers and logs in")
def register_and_log_in(smoke: SmokeTest) -> None:
    name = f"smoke{uuid4().hex[:12]}"
    email = f"success+{name}@simulator.amazonses.com"
    account = {"username": name, "email": email, "password": _PASSWORD}
    smoke.request("POST", "/auth/register", account | {"password_confirm": _PASSWORD})
    login = smoke.request("POST", "/auth/login", {"email": email, "password": _PASSWORD})
    smoke.http.headers["Authorization"] = f"Bearer {login['access']}"


@step("a new project and task are found, with and without a trailing slash")
def create_task(smoke: SmokeTest) -> None:
    project = smoke.request("POST", "/projects", {"name": "Smoke"})["id"]
    task = smoke.request("POST", "/tasks", {"project": project, "title": "Rise"})["id"]
    smoke.created |= {"project": project, "task": task}
    found = smoke.request("GET", f"/tasks?project={project}&status=todo")["items"]
    assert [item["id"] for item in found] == [task]
    assert smoke.request("GET", f"/tasks/{task}/")["title"] == "Rise"


@step("an unchanged task gets 304")
def check_not_modified(smoke: SmokeTest) -> None:
    path = f"/tasks/{smoke.created['task']}"
    tag = smoke.send("GET", path).headers["ETag"]
    assert smoke.send("GET", path, headers={"If-None-Match": tag}).status_code == 304


@step("percent-encoded characters in a path get 404, not a server error")
def check_encoded_paths(smoke: SmokeTest) -> None:
    _assert_rejected(smoke, "a%20b", "%C3%A4", "a%25b")


@step("an encoded slash, dots or NUL in a path reach no other path", only_aws=True)
def check_hostile_paths(smoke: SmokeTest) -> None:
    _assert_rejected(smoke, "a%2Fb", "%2e%2e", "a%00b")


def _assert_rejected(smoke: SmokeTest, *task_ids: str) -> None:
    for task_id in task_ids:
        response = smoke.send("GET", f"/tasks/{task_id}")
        assert response.status_code in (400, 404, 422), f"{task_id}: {response.status_code}"
        content_type = response.headers["Content-Type"]
        assert content_type.startswith("application/problem+json"), task_id


def _announce_file(smoke: SmokeTest, size: int) -> Any:
    announcement = {"filename": "smoke.txt", "content_type": "text/plain", "size": size}
    path = f"/tasks/{smoke.created['task']}/attachments"
    return smoke.request("POST", path, announcement)


def _upload(form: Any, content: bytes, **changed_fields: str) -> requests.Response:
    fields = form["fields"] | changed_fields
    return requests.post(form["url"], data=fields, files={"file": content}, timeout=_TIMEOUT)


@step("an uploaded file is downloaded unchanged")
def upload_and_download(smoke: SmokeTest) -> None:
    announced = _announce_file(smoke, 5)
    stored = _upload(announced["upload"], b"smoke")
    assert stored.ok, stored.text
    path = f"/tasks/{smoke.created['task']}/attachments/{announced['attachment']['id']}"
    smoke.request("POST", f"{path}/complete")
    smoke.created["link"] = smoke.request("GET", f"{path}/download")["url"]
    assert requests.get(smoke.created["link"], timeout=_TIMEOUT).content == b"smoke"


@step("S3 rejects an upload of another size or to another key")
def check_signed_form(smoke: SmokeTest) -> None:
    form = _announce_file(smoke, 5)["upload"]
    assert _upload(form, b"123456").status_code == 400
    assert _upload(form, b"smoke", key="att/elsewhere").status_code == 403


@step("a presigned URL fails without TLS and for another object", only_aws=True)
def check_signed_url(smoke: SmokeTest) -> None:
    link = str(smoke.created["link"])
    for changed in (link.replace("https://", "http://"), link.replace("/att/", "/att/x")):
        response = requests.get(changed, timeout=_TIMEOUT)
        assert response.status_code == 403, f"{changed}: {response.status_code}"


@step("the bucket rejects requests without a signature", only_aws=True)
def check_bucket_is_private(smoke: SmokeTest) -> None:
    unsigned = str(smoke.created["link"]).partition("?")[0]
    assert requests.get(unsigned, timeout=_TIMEOUT).status_code == 403


@step("a page of the web client loads a script that is cached, with strict headers", only_aws=True)
def check_client(smoke: SmokeTest) -> None:
    if not smoke.client_url:
        return
    page = requests.get(f"{smoke.client_url}/login", timeout=_TIMEOUT)
    assert page.ok and page.headers["Cache-Control"] == "no-cache", page.headers
    assert "script-src 'self'" in page.headers["Content-Security-Policy"], page.headers
    assert "Strict-Transport-Security" in page.headers, page.headers
    (script,) = re.findall(r'src="(/assets/index-[^"]+\.js)"', page.text)
    answer = requests.get(smoke.client_url + script, timeout=_TIMEOUT)
    assert answer.ok and "immutable" in answer.headers["Cache-Control"], answer.headers
    assert answer.headers["Content-Encoding"] in {"gzip", "br"}, answer.headers


@step("a missing file of the web client gets 404", only_aws=True)
def check_missing_file(smoke: SmokeTest) -> None:
    if not smoke.client_url:
        return
    answer = requests.get(f"{smoke.client_url}/assets/none.js", timeout=_TIMEOUT)
    assert answer.status_code == 404, answer.status_code


@step("every schedule is enabled")
def check_schedules(smoke: SmokeTest) -> None:
    events = boto3.client("events")
    for name in ("Tick", "SweepMail", "SendReminders", "CleanUp"):
        arn = boto3.client("lambda").get_function_configuration(FunctionName=smoke.functions[name])
        (rule,) = events.list_rule_names_by_target(TargetArn=arn["FunctionArn"])["RuleNames"]
        assert events.describe_rule(Name=rule)["State"] == "ENABLED", rule


@step("the tick runs on schedule within six minutes", only_aws=True, slow=True)
def wait_for_tick(smoke: SmokeTest) -> None:
    group = f"/aws/lambda/{smoke.functions['Tick']}"
    start = datetime.now(UTC)
    while datetime.now(UTC) - start < timedelta(seconds=_TICK_SECONDS):
        since = int(start.timestamp() * 1000)
        found = boto3.client("logs").filter_log_events(logGroupName=group, startTime=since)
        if found["events"]:
            return
        time.sleep(10)
    raise AssertionError("no event in its log")


@step("the project and the account are deleted")
def clean_up(smoke: SmokeTest) -> None:
    smoke.request("DELETE", f"/projects/{smoke.created['project']}")
    smoke.request("DELETE", "/auth/profile", {"password": _PASSWORD})
