"""Clients for the functions of `api`: with an API token, or with a session."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any, NoReturn
from uuid import uuid4

import httpx

from task_manager_client.api.auth import complete_login
from task_manager_client.api.auth import log_in as log_in_route
from task_manager_client.client import AuthenticatedClient
from task_manager_client.models import Login, SecondStep, SignedIn
from task_manager_client.problems import ApiError, expect, read_problem
from task_manager_client.retries import RetryTransport
from task_manager_client.sessions import (
    MemoryStore,
    SessionAuth,
    SessionTokens,
    TokenAuth,
    TokenStore,
)

_TIMEOUT = 30.0  # seconds; the API answers within 29
_MAX_REDIRECTS = 5


class TaskManager(AuthenticatedClient):
    """The client that the functions `sync` and `sync_detailed` of `api` take.

    It raises `ApiError` for every failure, repeats requests (see `RetryTransport`) and gives each
    `POST` an `Idempotency-Key`, so that a repeated one creates nothing twice.
    """

    def get_async_httpx_client(self) -> NoReturn:
        raise NotImplementedError("TaskManager has no asynchronous connections")


def connect(base_url: str, token: str) -> TaskManager:
    """Return a client with an API token. `base_url` is the address of the API without `/api`."""
    return _open(base_url, TokenAuth(token))


def log_in(
    base_url: str, email: str, password: str, ask_code: Callable[[], str] | None = None
) -> TaskManager:
    """Log in and return a client that renews its access token. Raises ApiError.

    For an account with a second factor, `ask_code` returns a code of the authenticator app or a
    recovery code.
    """
    return resume(base_url, MemoryStore(create_session(base_url, email, password, ask_code)))


def resume(base_url: str, store: TokenStore) -> TaskManager:
    """Return a client for the session whose tokens are in `store`, which gets renewed ones."""
    return _open(base_url, SessionAuth(base_url, store))


def create_session(
    base_url: str, email: str, password: str, ask_code: Callable[[], str] | None = None
) -> SessionTokens:
    """Log in as `log_in` does, and return the tokens of the session. Raises ApiError."""
    with _open(base_url, None) as anonymous:
        try:
            answer = log_in_route.sync(client=anonymous, body=Login(email, password))
            signed_in = expect(SignedIn, answer)
        except ApiError as error:
            if error.code != "second_factor_required" or ask_code is None:
                raise
            step = _build_second_step(error.ticket, ask_code().strip())
            signed_in = expect(SignedIn, complete_login.sync(client=anonymous, body=step))
    return SessionTokens(signed_in.access, expect(str, signed_in.refresh))


def _build_second_step(ticket: str, code: str) -> SecondStep:
    """Codes of apps have six digits; recovery codes look otherwise."""
    if len(code) == 6 and code.isdecimal():
        return SecondStep(ticket, code=code)
    return SecondStep(ticket, recovery_code=code)


class _RaisingClient(httpx.Client):
    """Raises `ApiError` for a failure, after authentication and repetition did what they can.

    Follows the redirects of tasks that were moved to another project, and none to another origin.
    """

    def send(self, request: httpx.Request, **options: Any) -> httpx.Response:
        response = super().send(request, **options)
        for _ in range(_MAX_REDIRECTS):
            moved = response.next_request
            if moved is None or not _is_same_origin(moved.url, request.url):
                break
            response = super().send(moved, **options)
        if not response.is_success and response.status_code != HTTPStatus.NOT_MODIFIED:
            response.read()
            raise read_problem(response)
        return response


def _is_same_origin(one: httpx.URL, other: httpx.URL) -> bool:
    return (one.scheme, one.netloc) == (other.scheme, other.netloc)


def _open(base_url: str, auth: httpx.Auth | None) -> TaskManager:
    client = _RaisingClient(
        base_url=base_url,
        auth=auth,
        timeout=_TIMEOUT,
        transport=RetryTransport(),
        event_hooks={"request": [_add_idempotency_key]},
    )
    return TaskManager(base_url, "").set_httpx_client(client)


def _add_idempotency_key(request: httpx.Request) -> None:
    if request.method == "POST":
        request.headers.setdefault("Idempotency-Key", str(uuid4()))
