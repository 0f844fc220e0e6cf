"""Storage of the address of the API and of the credential.

The keyring of the operating system keeps the credential if the package `keyring` is installed and
finds one; otherwise it is in the file of the address, which only its owner can read.
"""

import json
import os
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
    url, token = os.environ.get("TASK_URL"), os.environ.get("TASK_TOKEN")
    try:
        stored: dict[str, Any] = json.loads(_get_path().read_text())
    except FileNotFoundError:
        stored = {}
    url = url or stored.get("url")
    if url and token:
        return Credentials(url, token)
    if not stored or url != stored["url"]:
        raise NotLoggedIn("not logged in; run `task login`, or set TASK_URL and TASK_TOKEN")
    secret = stored.get("secret") or json.loads(_read_keyring(stored["url"]) or "{}")
    if not secret:
        raise NotLoggedIn("the keyring has no login any more; run `task login`")
    return Credentials(stored["url"], **secret)


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
    path = _get_path()
    if path.exists():
        _delete_keyring(json.loads(path.read_text())["url"])
        path.unlink()


class CredentialStore:
    """The tokens of the session that is kept, for the client that renews them."""

    def load(self) -> SessionTokens:
        kept = load_credentials()
        return SessionTokens(kept.access or "", kept.refresh or "")

    def save(self, tokens: SessionTokens) -> None:
        url = load_credentials().url
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
    keyring = _get_keyring()
    return keyring.get_password(_KEYRING_SERVICE, url) if keyring else None


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
    if keyring is not None and keyring.get_password(_KEYRING_SERVICE, url):
        keyring.delete_password(_KEYRING_SERVICE, url)
