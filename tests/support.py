"""What tests speak with: an API client that enters by the front door, and people who use it."""

import itertools
import json
import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from copy import deepcopy
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email import message_from_string, policy
from email.message import EmailMessage
from functools import cache
from types import SimpleNamespace
from typing import Any, cast

from botocore.awsrequest import AWSResponse
from chalice.test import Client, HTTPResponse
from moto.backends import get_backend
from moto.core import DEFAULT_ACCOUNT_ID
from moto.core.base_backend import BaseBackend
from moto.moto_api._internal import moto_api_backend
from moto.s3.models import s3_backends
from moto.ses.models import ses_backends
from requests.structures import CaseInsensitiveDict

from chalicelib import settings
from chalicelib.accounts.models import User, update_user_write
from chalicelib.aws import clients as aws_clients
from chalicelib.dynamodb.ids import new_id
from chalicelib.dynamodb.table import BATCH_WRITE_MAX, Item
from chalicelib.dynamodb.time_index import Watermark
from chalicelib.dynamodb.timestamps import format_timestamp
from chalicelib.dynamodb.transactions import transact
from tests import contract
from tests import response_checks as envelope

PERSON = ("id", "email", "token", "refresh")
PASSWORD = "correct horse battery"
ORIGIN = "https://app.example.com"


class Api:
    """Calls the app as API Gateway does; `token` is whose behalf it speaks on."""

    def __init__(self, client: Client, token: str | None = None) -> None:
        self._client = client
        self._token = token

    def call(
        self,
        method: str,
        path: str,
        json_body: Any = None,
        *,
        headers: dict[str, str] | None = None,
        raw: bytes | None = None,
    ) -> HTTPResponse:
        sent = {"Content-Type": "application/json", "Origin": ORIGIN, **(headers or {})}
        if self._token is not None:
            sent.setdefault("Authorization", f"Bearer {self._token}")
        body = (
            raw if raw is not None else b"" if json_body is None else json.dumps(json_body).encode()
        )
        answer = self._client.http.request(method, path, headers=sent, body=body)
        answer.headers = CaseInsensitiveDict(answer.headers)
        envelope.check(sent["Origin"], answer.status_code, answer.headers, answer.body)
        contract.check(method, path, answer.status_code, answer.headers, answer.body)
        return answer

    def get(self, path: str, **options: Any) -> HTTPResponse:
        return self.call("GET", path, **options)

    def pages(self, path: str) -> Iterator[list[Any]]:
        """What is on each page of the list at `path`, which has a query."""
        cursor = ""
        while True:
            page = self.get(path + cursor)
            assert page.status_code == 200, page.json_body
            items, then = page.json_body["items"], page.json_body["next_cursor"]
            yield items
            if then is None:
                return
            assert items, "a page is empty, and not the last"
            cursor = f"&cursor={then}"

    def listed(self, path: str) -> list[Any]:
        """What is on all of them."""
        return list(itertools.chain.from_iterable(self.pages(path)))

    def post(self, path: str, json_body: Any = None, **options: Any) -> HTTPResponse:
        return self.call("POST", path, json_body, **options)

    def put(self, path: str, json_body: Any = None, **options: Any) -> HTTPResponse:
        return self.call("PUT", path, json_body, **options)

    def delete(self, path: str, **options: Any) -> HTTPResponse:
        return self.call("DELETE", path, **options)

    def patch(self, path: str, json_body: Any = None, **options: Any) -> HTTPResponse:
        return self.call("PATCH", path, json_body, **options)


@dataclass
class Person(Api):
    """Somebody signed in."""

    client: Client
    id: str
    email: str
    token: str
    refresh: str

    def __post_init__(self) -> None:
        super().__init__(self.client, self.token)

    def signs_in(self) -> None:
        """Anew, as after some time."""
        known = {"email": self.email, "password": PASSWORD}
        self._token = self.token = (
            Api(self.client).post("/api/auth/login", known).json_body["access"]
        )

    def verified(self) -> "Person":
        """Has followed the link in the first mail."""
        transact(update_user_write(self.id, User.is_verified.set(True)))
        return self

    def starts_project(self, name: str = "Launch") -> str:
        return str(self.post("/api/projects", {"name": name}).json_body["id"])

    def lets_in(self, project: str, other: "Person", role: str = "member") -> HTTPResponse:
        path = f"/api/projects/{project}/members"
        return self.post(path, {"user_id": other.id, "role": role})

    def adds_task(
        self, project: str, title: str = "Write the plan", **fields: Any
    ) -> dict[str, Any]:
        answer = self.post("/api/tasks", {"project": project, "title": title, **fields})
        assert answer.status_code == 201, answer.json_body
        task: dict[str, Any] = answer.json_body
        return task


def make_cloud() -> None:
    """The resources of the stack in moto, with nothing left of what was there."""
    moto_api_backend.reset()
    for service, content in _stack().items():
        vars(_backend(service)).update(deepcopy(content))
    s3_backends[DEFAULT_ACCOUNT_ID]["aws"].create_bucket(settings.BUCKET_NAME, settings.REGION)
    ticked_lately()


@cache
def _stack() -> dict[str, Any]:
    """What the backends hold once the stack stands; copying it is quicker than making it."""
    Item.create_table(billing_mode="PAY_PER_REQUEST")
    aws_clients.ses_client().verify_email_identity(EmailAddress=settings.MAIL_SENDER)
    keys = f'{{"active": "k1", "k1": "{"s" * 64}"}}'
    aws_clients.secrets_manager_client().create_secret(Name=settings.SECRET_ID, SecretString=keys)
    return {name: deepcopy(vars(_backend(name))) for name in ("dynamodb", "ses", "secretsmanager")}


def _backend(service: Any) -> BaseBackend:
    return cast(BaseBackend, get_backend(service)[DEFAULT_ACCOUNT_ID][settings.REGION])


def sign_up(client: Client, name: str) -> Person:
    """Register and log in."""
    api, email = Api(client), f"{name}@example.com"
    registration = {"username": name, "email": email, "password": PASSWORD}
    api.post("/api/auth/register", registration | {"password_confirm": PASSWORD})
    signed_in = api.post("/api/auth/login", {"email": email, "password": PASSWORD}).json_body
    user = signed_in["user"]
    return Person(client, user["id"], email, signed_in["access"], signed_in["refresh"])


class Residents:
    """People who signed up before the test began.

    Signing up is what most tests begin with and what takes longest in them: two calls, two password
    hashes, twenty of DynamoDB. So each name does it once in a run, by the front door; every other
    test finds the rows that it left, all but the counters of tries.
    """

    STALE = timedelta(minutes=5)  # a third of what an access token lives

    def __init__(self) -> None:
        self._known: dict[str, tuple[datetime, dict[str, Any], list[Any]]] = {}

    def move_in(self, client: Client, name: str) -> Person:
        if not self._knows(name):
            self._known[name] = (datetime.now(UTC), *_recorded_sign_up(client, name))
        _, person, rows = self._known[name]
        put_rows(rows)
        return Person(client, **person)

    def _knows(self, name: str) -> bool:
        if name not in self._known:
            return False
        then, at = self._known[name][0], datetime.now(UTC)
        # The clock may have been moved, either way. What an earlier hour left undone is no longer
        # found: see `ticked_lately`.
        return timedelta(0) <= at - then < self.STALE and at.hour == then.hour


def _recorded_sign_up(client: Client, name: str) -> tuple[dict[str, Any], list[Any]]:
    before = all_rows()
    person = sign_up(client, name)
    new = [row for row in all_rows() if row not in before and row["SK"]["S"] != "THROTTLE"]
    return {key: value for key, value in vars(person).items() if key in PERSON}, new


def all_rows() -> list[Any]:
    """The table as DynamoDB gives it."""
    pages = _dynamodb().get_paginator("scan").paginate(TableName=settings.TABLE_NAME)
    return [row for page in pages for row in page["Items"]]


def put_rows(rows: list[Any]) -> None:
    _write([{"PutRequest": {"Item": row}} for row in rows])


def replace_rows(rows: list[Any]) -> None:
    """Let the table hold `rows` and nothing else."""
    keys = [{name: row[name] for name in ("PK", "SK")} for row in all_rows()]
    _write([{"DeleteRequest": {"Key": key}} for key in keys])
    put_rows(rows)


def _write(requests: list[Any]) -> None:
    for first in range(0, len(requests), BATCH_WRITE_MAX):
        some = requests[first : first + BATCH_WRITE_MAX]
        _dynamodb().batch_write_item(RequestItems={settings.TABLE_NAME: some})


def put_copies(task: str, count: int) -> None:
    """Let `count` more tasks stand beside `task`, equal but for the id: what a test of many needs
    takes half a minute by the front door."""
    rows = [row for row in all_rows() if row["SK"]["S"].endswith(f"#{task}")]
    text, now = json.dumps(rows), datetime.now(UTC)
    put_rows(
        [row for _ in range(count) for row in json.loads(text.replace(task[:26], new_id(now)))]
    )


def put_copies_of_project(project: str, count: int) -> None:
    """Let `count` more projects stand beside `project`, equal but for the id."""
    rows, now = [json.dumps(row) for row in all_rows()], datetime.now(UTC)
    whole = [row for row in rows if project in row]
    for _ in range(count):
        other = new_id(now)
        put_rows([json.loads(row.replace(project, other)) for row in whole])


def _dynamodb() -> Any:
    return Item._get_connection().connection.client


def in_hours(hours: float) -> str:
    """A due date that many hours ahead."""
    return (datetime.now(UTC) + timedelta(hours=hours)).strftime("%Y-%m-%dT%H:%M:%SZ")


def locations(answer: HTTPResponse) -> list[str]:
    """The places that a refusal names."""
    return [error["location"] for error in answer.json_body["errors"]]


def mails_to(person: Person, subject: str = "", address: str = "") -> Iterator[EmailMessage]:
    """What moto's SES has accepted for `person`, or another `address` of theirs, under a subject
    that begins so, as a mail client reads it."""
    region = ses_backends[DEFAULT_ACCOUNT_ID]["eu-central-1"]
    for sent in region.sent_messages:
        mail = message_from_string(sent.raw_data, policy=policy.default)
        if mail["To"] == (address or person.email) and mail["Subject"].startswith(subject):
            assert isinstance(mail, EmailMessage)
            yield mail


def token_in(mail: EmailMessage) -> str:
    """The token of the link in a mail."""
    text = mail.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    found = re.search(r"token=(\S+)", text)
    assert found is not None
    return found[1]


def ticked_lately() -> None:
    """Set every watermark, as on a system that runs: a sweep without one looks two days back."""
    put_rows(watermarks())


def watermarks() -> list[Any]:
    """The rows of a system whose last tick was in this hour."""
    hour = format_timestamp(datetime.now(UTC).replace(minute=0, second=0, microsecond=0))
    kinds = ("mail", "due", "digest", "upload", "leaving", "errand", "purge", "job", "weekly")
    rows = [Watermark.key(what).empty_item() for what in kinds]
    for row in rows:
        row.hour = hour
    return [row.serialize() for row in rows]


def answered(request: Any, body: bytes, status: int = 200) -> AWSResponse:
    """What AWS would send back."""
    return AWSResponse(request.url, status, {}, SimpleNamespace(stream=lambda: iter([body])))


@contextmanager
def quota_of(rate: float) -> Iterator[None]:
    """Let SES say that the account may send `rate` mails a second."""
    events, event = aws_clients.ses_client().meta.events, "before-send.ses.GetSendQuota"
    _rates.append(rate)
    events.register_first(event, _say_quota, unique_id="quota")
    try:
        yield
    finally:
        _rates.pop()
        if not _rates:
            events.unregister(event, _say_quota, unique_id="quota")


def _say_quota(request: Any, **_: Any) -> AWSResponse:
    body = f"""<GetSendQuotaResponse xmlns="http://ses.amazonaws.com/doc/2010-12-01/">
    <GetSendQuotaResult><MaxSendRate>{_rates[-1]}</MaxSendRate></GetSendQuotaResult>
    </GetSendQuotaResponse>"""
    return answered(request, body.encode())


_rates: list[float] = []


READS = {
    "GetItem",
    "BatchGetItem",
    "Query",
    "HeadObject",
    "GetObject",
    "ListObjectsV2",
    "ListMultipartUploads",
    "ListParts",
    "GetSendQuota",
}


class Killed(BaseException):
    """The process ends here."""


@contextmanager
def killed_at(call: int, *, writes_only: bool = False) -> Iterator[None]:
    """Die right before the `call`-th call of AWS in the block; with `writes_only`, the `call`-th
    that changes something, because dying before a read is dying before the next write."""
    calls = itertools.count(1)

    def die(event_name: str, **_: Any) -> None:
        reads = event_name.rpartition(".")[2] in READS
        if not (writes_only and reads) and next(calls) == call:
            raise Killed

    clients = [
        Item._get_connection().connection.client,
        aws_clients.s3_client(),
        aws_clients.ses_client(),
    ]
    for client in clients:
        client.meta.events.register_first("before-parameter-build", die)
    try:
        yield
    finally:
        for client in clients:
            client.meta.events.unregister("before-parameter-build", die)


def after_each(operation: str, act: Callable[[], Any]) -> AbstractContextManager[None]:
    """Something happens right after each call of DynamoDB of this name."""

    def happens(**_: Any) -> None:
        act()

    return hooked(_dynamodb(), f"after-call.dynamodb.{operation}", happens)


@contextmanager
def hooked(client: Any, event: str, handler: Callable[..., Any]) -> Iterator[None]:
    """The handler hears of the client's events of this name, before others do."""
    client.meta.events.register_first(event, handler)
    try:
        yield
    finally:
        client.meta.events.unregister(event, handler)
