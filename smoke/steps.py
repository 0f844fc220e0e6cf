"""The steps of the smoke test, in order; later ones use what earlier ones made."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import boto3
import requests

from infra.deploy import functions, outputs
from infra.stage import LOCAL, Stage, local_endpoint

_PASSWORD = f"smoke {uuid4()}"
_TIMEOUT = 60
_TICK_SECONDS = 6 * 60


@dataclass
class Smoke:
    """The stage under trial, and what has been made in it so far."""

    api_url: str
    functions: dict[str, str]
    made: dict[str, Any] = field(default_factory=dict)
    http: requests.Session = field(default_factory=requests.Session)

    @classmethod
    def of(cls, stage: Stage) -> "Smoke":
        found = outputs(stage)
        local = f"{local_endpoint()}/_aws/execute-api/{found['RestAPIId']}/v1/api"
        url = local if stage.name == LOCAL else found["ApiUrl"]
        return cls(url, functions(stage))

    def call(self, method: str, path: str, body: Any = None, **options: Any) -> requests.Response:
        url = self.api_url + path
        return self.http.request(method, url, json=body, timeout=_TIMEOUT, **options)

    def must(self, method: str, path: str, body: Any = None) -> Any:
        answer = self.call(method, path, body)
        assert answer.ok, f"{method} {path} answered {answer.status_code}: {answer.text}"
        return answer.json() if answer.content else None


@dataclass(frozen=True)
class Step:
    expects: str
    check: Callable[[Smoke], None]
    only_aws: bool = False
    slow: bool = False


STEPS: list[Step] = []


def step(
    expects: str, *, only_aws: bool = False, slow: bool = False
) -> Callable[[Callable[[Smoke], None]], Callable[[Smoke], None]]:
    def listed(check: Callable[[Smoke], None]) -> Callable[[Smoke], None]:
        STEPS.append(Step(("* " if only_aws else "") + expects, check, only_aws, slow))
        return check

    return listed


def _is_problem(answer: requests.Response, status: int, code: str) -> None:
    told = f"{answer.status_code} {answer.headers.get('Content-Type')} {answer.text[:200]}"
    assert answer.status_code == status, told
    assert answer.headers["Content-Type"].startswith("application/problem+json"), told
    assert answer.json()["code"] == code, told


@step("health answers 200")
def _health(smoke: Smoke) -> None:
    assert smoke.must("GET", "/health") == {"status": "ok"}


@step("a call without token is a problem document, 401")
def _no_token(smoke: Smoke) -> None:
    _is_problem(smoke.call("GET", "/auth/profile"), 401, "unauthenticated")


@step("a path that the gateway does not know is our own 404, with its limit", only_aws=True)
def _unknown_path(smoke: Smoke) -> None:
    answer = smoke.call("GET", "/nowhere")
    _is_problem(answer, 404, "not_found")
    assert answer.headers["RateLimit-Policy"].startswith('"gateway";q=')


@step("a body beyond the gateway's 10 MB is our own 413, with CORS", only_aws=True)
def _too_large(smoke: Smoke) -> None:
    answer = smoke.call("POST", "/auth/login", {"email": "x" * 11_000_000})
    _is_problem(answer, 413, "payload_too_large")
    assert answer.headers["Access-Control-Allow-Origin"] == "*"


@step("somebody registers and logs in")
def _sign_up(smoke: Smoke) -> None:
    name = f"smoke{uuid4().hex[:12]}"
    email = f"success+{name}@simulator.amazonses.com"
    account = {"username": name, "email": email, "password": _PASSWORD}
    smoke.must("POST", "/auth/register", account | {"password_confirm": _PASSWORD})
    signed_in = smoke.must("POST", "/auth/login", {"email": email, "password": _PASSWORD})
    smoke.http.headers["Authorization"] = f"Bearer {signed_in['access']}"


@step("a project and a task are made, found again, and answer with and without the slash")
def _main_job(smoke: Smoke) -> None:
    project = smoke.must("POST", "/projects", {"name": "Smoke"})["id"]
    task = smoke.must("POST", "/tasks", {"project": project, "title": "Rise"})["id"]
    smoke.made |= {"project": project, "task": task}
    found = smoke.must("GET", f"/tasks?project={project}&status=todo")["items"]
    assert [item["id"] for item in found] == [task]
    assert smoke.must("GET", f"/tasks/{task}/")["title"] == "Rise"


@step("what did not change is answered with 304")
def _not_modified(smoke: Smoke) -> None:
    path = f"/tasks/{smoke.made['task']}"
    tag = smoke.call("GET", path).headers["ETag"]
    assert smoke.call("GET", path, headers={"If-None-Match": tag}).status_code == 304


@step("encoded characters in a path are no error: 404")
def _decoding(smoke: Smoke) -> None:
    _are_refused(smoke, "a%20b", "%C3%A4", "a%25b")


@step("an encoded slash, dots or NUL in a path are no error and no other path", only_aws=True)
def _hostile(smoke: Smoke) -> None:
    _are_refused(smoke, "a%2Fb", "%2e%2e", "a%00b")


def _are_refused(smoke: Smoke, *names: str) -> None:
    for name in names:
        answer = smoke.call("GET", f"/tasks/{name}")
        assert answer.status_code in (400, 404, 422), f"{name}: {answer.status_code}"
        assert answer.headers["Content-Type"].startswith("application/problem+json"), name


def _announce(smoke: Smoke, size: int) -> Any:
    announced = {"filename": "smoke.txt", "content_type": "text/plain", "size": size}
    return smoke.must("POST", f"/tasks/{smoke.made['task']}/attachments", announced)


def _post(form: Any, body: bytes, **changed: str) -> requests.Response:
    fields = form["fields"] | changed
    return requests.post(form["url"], data=fields, files={"file": body}, timeout=_TIMEOUT)


@step("a file goes up by its form and comes down by its link, byte for byte")
def _file(smoke: Smoke) -> None:
    announced = _announce(smoke, 5)
    stored = _post(announced["upload"], b"smoke")
    assert stored.ok, stored.text
    path = f"/tasks/{smoke.made['task']}/attachments/{announced['attachment']['id']}"
    smoke.must("POST", f"{path}/complete")
    smoke.made["link"] = smoke.must("GET", f"{path}/download")["url"]
    assert requests.get(smoke.made["link"], timeout=_TIMEOUT).content == b"smoke"


@step("a longer file than announced, or another place, is refused by the storage")
def _signed(smoke: Smoke) -> None:
    form = _announce(smoke, 5)["upload"]
    assert _post(form, b"123456").status_code == 400
    assert _post(form, b"smoke", key="att/elsewhere").status_code == 403


@step("a signed link does not work without TLS, nor for another object", only_aws=True)
def _tls(smoke: Smoke) -> None:
    link = str(smoke.made["link"])
    for changed in (link.replace("https://", "http://"), link.replace("/att/", "/att/x")):
        answer = requests.get(changed, timeout=_TIMEOUT)
        assert answer.status_code == 403, f"{changed}: {answer.status_code}"


@step("the bucket is closed to whoever has no link", only_aws=True)
def _closed(smoke: Smoke) -> None:
    bare = str(smoke.made["link"]).partition("?")[0]
    assert requests.get(bare, timeout=_TIMEOUT).status_code == 403


@step("every schedule is enabled")
def _schedules(smoke: Smoke) -> None:
    events = boto3.client("events")
    for name in ("Tick", "SweepMail", "SendReminders", "CleanUp"):
        arn = boto3.client("lambda").get_function_configuration(FunctionName=smoke.functions[name])
        (rule,) = events.list_rule_names_by_target(TargetArn=arn["FunctionArn"])["RuleNames"]
        assert events.describe_rule(Name=rule)["State"] == "ENABLED", rule


@step("the tick runs by itself within six minutes", only_aws=True, slow=True)
def _tick(smoke: Smoke) -> None:
    group = f"/aws/lambda/{smoke.functions['Tick']}"
    began = datetime.now(UTC)
    while datetime.now(UTC) - began < timedelta(seconds=_TICK_SECONDS):
        since = int(began.timestamp() * 1000)
        found = boto3.client("logs").filter_log_events(logGroupName=group, startTime=since)
        if found["events"]:
            return
        time.sleep(10)
    raise AssertionError("no line in its log")


@step("what was made is removed, and the account leaves")
def _clean_up(smoke: Smoke) -> None:
    smoke.must("DELETE", f"/projects/{smoke.made['project']}")
    smoke.must("DELETE", "/auth/profile", {"password": _PASSWORD})
