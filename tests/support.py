"""API client and people: `Api` calls the app as API Gateway does, `Person` is a logged-in user."""

import itertools
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email import message_from_string, policy
from email.message import EmailMessage
from typing import Any

from chalice.test import Client, HTTPResponse
from moto.core import DEFAULT_ACCOUNT_ID
from moto.ses.models import ses_backends
from requests.structures import CaseInsensitiveDict

from chalicelib.accounts.models import User, update_user_write
from chalicelib.dynamodb.transactions import transact
from tests import contract, response_checks
from tests.table_items import put_items, scan_items

PERSON_FIELDS = ("id", "email", "token", "refresh")
PASSWORD = "correct horse battery"
# Every writable field, with its smallest value: PUT requires all of them.
EMPTY_TASK: dict[str, Any] = {
    "title": "x",
    "description": "",
    "status": "todo",
    "priority": "low",
    "assigned_to": None,
    "start_date": None,
    "due_date": None,
    "labels": [],
    "parent": None,
}
ORIGIN = "https://app.example.com"


class Api:
    """A client that calls the app as API Gateway does, with the access token `token` or without.

    It checks each response against `docs/openapi.json` and against the rules for all responses.
    """

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
        """Send a request and return the response; `raw` replaces the JSON body."""
        sent = {"Content-Type": "application/json", "Origin": ORIGIN, **(headers or {})}
        if self._token is not None:
            sent.setdefault("Authorization", f"Bearer {self._token}")
        body = (
            raw if raw is not None else b"" if json_body is None else json.dumps(json_body).encode()
        )
        answer = self._client.http.request(method, path, headers=sent, body=body)
        answer.headers = CaseInsensitiveDict(answer.headers)
        response_checks.check(sent["Origin"], answer.status_code, answer.headers, answer.body)
        contract.check(method, path, answer.status_code, answer.headers, answer.body)
        return answer

    def get(self, path: str, **options: Any) -> HTTPResponse:
        return self.call("GET", path, **options)

    def list_pages(self, path: str) -> Iterator[list[Any]]:
        """Yield the items of each page of the list at `path`, which must have a query."""
        cursor = ""
        while True:
            page = self.get(path + cursor)
            assert page.status_code == 200, page.json_body
            items, next_cursor = page.json_body["items"], page.json_body["next_cursor"]
            yield items
            if next_cursor is None:
                return
            assert items, "a page is empty, and it is not the last page"
            cursor = f"&cursor={next_cursor}"

    def list_all(self, path: str) -> list[Any]:
        """Return the items of all pages of the list at `path`, which must have a query."""
        return list(itertools.chain.from_iterable(self.list_pages(path)))

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
    """A registered user with an access token and a refresh token."""

    client: Client
    id: str
    email: str
    token: str
    refresh: str

    def __post_init__(self) -> None:
        super().__init__(self.client, self.token)

    def log_in(self) -> None:
        """Log in again and use the new access token from now on."""
        login = {"email": self.email, "password": PASSWORD}
        self._token = self.token = (
            Api(self.client).post("/api/auth/login", login).json_body["access"]
        )

    def renew_token(self) -> None:
        """Use a new access token of the same session from now on."""
        answer = self.post("/api/auth/refresh", {"refresh": self.refresh})
        self._token = self.token = answer.json_body["access"]

    def verify_address(self) -> "Person":
        """Mark the email address as verified and return this person."""
        transact(update_user_write(self.id, User.is_verified.set(True)))
        return self

    def create_project(self, name: str = "Launch") -> str:
        """Create a project and return its id."""
        return str(self.post("/api/projects", {"name": name}).json_body["id"])

    def add_member(self, project: str, other: "Person", role: str = "member") -> HTTPResponse:
        """Add `other` to a project and return the response."""
        path = f"/api/projects/{project}/members"
        return self.post(path, {"user_id": other.id, "role": role})

    def create_token(self, *scopes: str, **fields: Any) -> dict[str, Any]:
        """Create an API token that is valid for one day, and return the response body."""
        new = {"name": "ci", "scopes": scopes, "expires_at": in_hours(24), **fields}
        answer = self.post("/api/auth/tokens", new)
        assert answer.status_code == 201, answer.json_body
        token: dict[str, Any] = answer.json_body
        return token

    def use_token(self, *scopes: str, **fields: Any) -> Api:
        """Return a client of the API that authenticates with a new API token of this person."""
        return Api(self.client, self.create_token(*scopes, **fields)["token"])

    def create_task(
        self, project: str, title: str = "Write the plan", **fields: Any
    ) -> dict[str, Any]:
        """Create a task and return its JSON."""
        answer = self.post("/api/tasks", {"project": project, "title": title, **fields})
        assert answer.status_code == 201, answer.json_body
        task: dict[str, Any] = answer.json_body
        return task


def sign_up(client: Client, name: str) -> Person:
    """Register `name` with the address `<name>@example.com` and log in."""
    api, email = Api(client), f"{name}@example.com"
    registration = {"username": name, "email": email, "password": PASSWORD}
    api.post("/api/auth/register", registration | {"password_confirm": PASSWORD})
    login = api.post("/api/auth/login", {"email": email, "password": PASSWORD}).json_body
    return Person(client, login["user"]["id"], email, login["access"], login["refresh"])


class RegisteredPeople:
    """People who signed up before the test began.

    Most tests need people, and to sign up is slow: two requests, two password hashes and twenty
    DynamoDB calls. So each name signs up through the API once in a test run. Later tests put the
    items that this sign-up wrote, except the counters of rate limits.
    """

    MAX_AGE = timedelta(seconds=45)  # tests move the clock by up to nine of a token's ten minutes

    def __init__(self) -> None:
        self._sign_ups: dict[str, tuple[datetime, dict[str, Any], list[Any]]] = {}

    def put(self, client: Client, name: str) -> Person:
        """Put the items of a person into the table and return the person."""
        if not self._is_fresh(name):
            self._sign_ups[name] = (datetime.now(UTC), *_record_sign_up(client, name))
        _, person, items = self._sign_ups[name]
        put_items(items)
        return Person(client, **person)

    def _is_fresh(self, name: str) -> bool:
        if name not in self._sign_ups:
            return False
        signed_up_at, now = self._sign_ups[name][0], datetime.now(UTC)
        # A test may have moved the clock in either direction. Items that are due in an earlier
        # hour would not be found, because of the watermarks: see `set_watermarks`.
        is_recent = timedelta(0) <= now - signed_up_at < self.MAX_AGE
        return is_recent and now.hour == signed_up_at.hour


def _record_sign_up(client: Client, name: str) -> tuple[dict[str, Any], list[Any]]:
    """Sign up and return the fields of the person and the items that this wrote."""
    before = scan_items()
    person = sign_up(client, name)
    new = [item for item in scan_items() if item not in before and item["SK"]["S"] != "THROTTLE"]
    return {key: value for key, value in vars(person).items() if key in PERSON_FIELDS}, new


def in_hours(hours: float) -> str:
    """Return the time in `hours` hours, as the API writes it."""
    return (datetime.now(UTC) + timedelta(hours=hours)).strftime("%Y-%m-%dT%H:%M:%SZ")


def error_locations(answer: HTTPResponse) -> list[str]:
    """Return the `location` of each error in a problem document."""
    return [error["location"] for error in answer.json_body["errors"]]


def mails_to(person: Person, subject: str = "", address: str = "") -> Iterator[EmailMessage]:
    """Yield the emails that moto's SES accepted for `person`, parsed as an email client does.

    `subject` is the beginning of the subject; `address` replaces the person's address.
    """
    region = ses_backends[DEFAULT_ACCOUNT_ID]["eu-central-1"]
    for sent in region.sent_messages:
        mail = message_from_string(sent.raw_data, policy=policy.default)
        if mail["To"] == (address or person.email) and mail["Subject"].startswith(subject):
            assert isinstance(mail, EmailMessage)
            yield mail


def extract_token(mail: EmailMessage) -> str:
    """Return the token of the link in an email."""
    text = mail.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    match = re.search(r"token=(\S+)", text)
    assert match is not None
    return match[1]
