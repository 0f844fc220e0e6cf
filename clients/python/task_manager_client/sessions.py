"""The tokens of a login, which are renewed when the access token has expired."""

from collections.abc import Generator
from dataclasses import dataclass
from typing import Protocol

import httpx


@dataclass(frozen=True)
class SessionTokens:
    """The tokens of a session. `access` is valid for ten minutes; `refresh` is used once."""

    access: str
    refresh: str


class TokenStore(Protocol):
    """Keeps the tokens of a session, for example in a file that several processes share."""

    def load(self) -> SessionTokens: ...

    def save(self, tokens: SessionTokens) -> None: ...


class MemoryStore:
    """Keeps the tokens of a session in this process."""

    def __init__(self, tokens: SessionTokens) -> None:
        self._tokens = tokens

    def load(self) -> SessionTokens:
        return self._tokens

    def save(self, tokens: SessionTokens) -> None:
        self._tokens = tokens


class SessionAuth(httpx.Auth):
    """Sends the access token, and a request again with a new one when the API refuses the first.

    Two threads or processes may refresh at once: within ten seconds, the API gives both the same
    new tokens.
    """

    requires_response_body = True

    def __init__(self, base_url: str, store: TokenStore) -> None:
        self._refresh_url = f"{base_url.rstrip('/')}/api/auth/refresh"
        self._store = store

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        used = self._store.load()
        request.headers["Authorization"] = f"Bearer {used.access}"
        response = yield request
        if response.status_code != 401:
            return
        current = self._store.load()
        if current == used:
            refreshed = yield httpx.Request(
                "POST", self._refresh_url, json={"refresh": used.refresh}
            )
            if refreshed.is_error:
                return
            answer = refreshed.json()
            current = SessionTokens(answer["access"], answer["refresh"])
            self._store.save(current)
        request.headers["Authorization"] = f"Bearer {current.access}"
        yield request


class TokenAuth(httpx.Auth):
    """Sends an API token."""

    def __init__(self, token: str) -> None:
        self._token = token

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        request.headers["Authorization"] = f"Bearer {self._token}"
        yield request
