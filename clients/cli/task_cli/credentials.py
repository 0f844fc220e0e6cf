"""Storage of the address of the API and of the credential.

The keyring of the operating system keeps the credential if the package `keyring` is installed and
finds one; otherwise it is in the file of the address, which only its owner can read.
"""

import json
import os
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import typer

from task_manager_client import SessionTokens

_KEYRING_SERVICE = "task-manager"


class NotLoggedIn(Exception):
    """Neither the environment nor a login gives a credential."""


@dataclass
class Credentials:
    """An address of the API, and an API token or the tokens of a session."""

    url: str
    token: str | None = None
    access: str | None = None
    refresh: str | None = None


def load_credentials() -> Credentials:
    """Return the credential of the environment, else that of the last login.

    Raises NotLoggedIn.
    """
    url, token = normalize_url(os.environ.get("TASK_URL", "")), os.environ.get("TASK_TOKEN")
    if url and token:
        return Credentials(url, token)
    stored_url = read_login().get("url")
    if token and stored_url:
        return Credentials(str(stored_url), token)
    if stored_url is None:
        raise NotLoggedIn("not logged in; run `task login`, or set TASK_URL and TASK_TOKEN")
    if url and url != stored_url:
        raise NotLoggedIn(
            f"you are logged in to {stored_url}, but TASK_URL is {url}; run `task login` for it"
        )
    return load_login()


def load_login() -> Credentials:
    """Return the credential of the last login. Raises NotLoggedIn."""
    login = read_login()
    if "url" not in login:
        raise NotLoggedIn("not logged in; run `task login`")
    try:
        secret = login.get("secret") or json.loads(_read_keyring(login["url"]) or "null")
        if not secret:
            raise NotLoggedIn("the keyring has no login any more; run `task login`")
        return Credentials(login["url"], **secret)
    except (ValueError, TypeError) as error:
        raise NotLoggedIn("the stored login is damaged; run `task login`") from error


def read_login() -> dict[str, Any]:
    """Return the file of the last login; empty if there is none. Raises NotLoggedIn."""
    path = _get_path()
    try:
        login = json.loads(path.read_text())
    except FileNotFoundError:
        return {}
    except ValueError as error:
        raise NotLoggedIn(f"{path} is damaged; run `task login`") from error
    if not isinstance(login, dict) or not isinstance(login.get("url"), str):
        raise NotLoggedIn(f"{path} is damaged; run `task login`")
    return login


def normalize_url(url: str) -> str:
    """Return the address of the API without a slash or `/api` at its end."""
    return url.rstrip("/").removesuffix("/api")


def save_credentials(credentials: Credentials) -> str:
    """Keep the credential for later commands; return where it is: `keyring` or the file."""
    secret = {name: value for name, value in asdict(credentials).items() if value and name != "url"}
    if _write_keyring(credentials.url, json.dumps(secret)):
        _write({"url": credentials.url})
        return "keyring"
    _write({"url": credentials.url, "secret": secret})
    return str(_get_path())


def delete_credentials() -> None:
    """Forget the credential of the last login."""
    try:
        _delete_keyring(read_login().get("url", ""))
    finally:
        _get_path().unlink(missing_ok=True)


class CredentialStore:
    """The tokens of the session that is kept, for the client that renews them."""

    def load(self) -> SessionTokens:
        kept = load_login()
        return SessionTokens(kept.access or "", kept.refresh or "")

    def save(self, tokens: SessionTokens) -> None:
        url = load_login().url
        save_credentials(Credentials(url, access=tokens.access, refresh=tokens.refresh))


def _get_path() -> Path:
    return Path(typer.get_app_dir("task-manager")) / "login.json"


def _write(content: dict[str, Any]) -> None:
    """Replace the file by one that only its owner can read, in one step."""
    path = _get_path()
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(f"{path.name}.{os.getpid()}")
    new.unlink(missing_ok=True)
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        json.dump(content, file)
    new.replace(path)


def _get_keyring() -> Any | None:
    """Return the module `keyring`, or None without it or without a keyring that it can use."""
    try:
        import keyring
        from keyring.backends import fail, null
    except ImportError:
        return None
    return None if isinstance(keyring.get_keyring(), fail.Keyring | null.Keyring) else keyring


def _read_keyring(url: str) -> str | None:
    """Return the secret of the address, or None. Raises NotLoggedIn when the keyring is locked."""
    keyring = _get_keyring()
    if keyring is None:
        return None
    from keyring.errors import KeyringError

    try:
        secret: str | None = keyring.get_password(_KEYRING_SERVICE, url)
    except KeyringError as error:
        raise NotLoggedIn(f"the keyring cannot be read ({error}); unlock it") from error
    return secret


def _write_keyring(url: str, secret: str) -> bool:
    """Return whether a keyring took the secret; one may be locked or refuse its size."""
    keyring = _get_keyring()
    if keyring is None:
        return False
    from keyring.errors import KeyringError

    try:
        keyring.set_password(_KEYRING_SERVICE, url, secret)
    except KeyringError:
        return False
    return True


def _delete_keyring(url: str) -> None:
    keyring = _get_keyring()
    if keyring is None:
        return
    from keyring.errors import PasswordDeleteError

    with suppress(PasswordDeleteError):  # it has none
        keyring.delete_password(_KEYRING_SERVICE, url)
