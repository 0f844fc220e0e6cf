"""A real OpenID provider on this machine, and a browser without scripts that signs in at it."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import parse_qs, urljoin, urlsplit

import pytest
import urllib3

from infra.stage import ROOT
from localstack.cloud import find_free_port

CLIENT_SECRET = "the secret of tests, which has more than 32 bytes"
PACKAGE = ROOT / ".local" / "oidc-provider"
SCRIPT = Path(__file__).with_suffix(".mjs")
FORM = re.compile(r'<form[^>]*action="([^"]+)"')
PROMPT = re.compile(r'name="prompt" value="(\w+)"')


@contextmanager
def run_provider(redirect_uri: str, issuer: str = "", **environment: str) -> Iterator[str]:
    """Run the provider for the block, and yield its address; skip the test if it is missing.

    `issuer` is another address than its own if the provider is behind a `ProviderEdge`.
    """
    if shutil.which("node") is None or not (PACKAGE / "node_modules").exists():
        pytest.skip("needs Node.js and `npm install --prefix .local/oidc-provider oidc-provider`")
    port = find_free_port()
    address = f"http://localhost:{port}"
    command = ["node", str(SCRIPT), str(PACKAGE), issuer or address, str(port), redirect_uri]
    process = subprocess.Popen(
        command,
        env=os.environ | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout is not None
    try:
        assert "ready\n" in iter(process.stdout.readline, ""), "the provider did not start"
        yield address
    finally:
        process.terminate()
        process.communicate()


def log_in_at_provider(authorization_url: str, login: str) -> dict[str, str]:
    """Open the address, log in and consent; return the parameters of the redirect to the client."""
    browser = _Browser()
    place, page = browser.open(authorization_url)
    while form := FORM.search(page):
        prompt = PROMPT.search(page)
        fields = {"prompt": prompt[1] if prompt else "", "login": login, "password": "any"}
        place, page = browser.open(urljoin(place, form[1]), fields)
    return {name: values[0] for name, values in parse_qs(urlsplit(place).query).items()}


class _Browser:
    """Keeps cookies and follows redirects on the provider's host."""

    def __init__(self) -> None:
        self._pool = urllib3.PoolManager()
        self._cookies: dict[str, str] = {}

    def open(self, url: str, fields: dict[str, str] | None = None) -> tuple[str, str]:
        """Return address and text of the page; of a redirect to another host only the address."""
        host = urlsplit(url).netloc
        while urlsplit(url).netloc == host:
            cookies = "; ".join(f"{name}={value}" for name, value in self._cookies.items())
            sent = {"headers": {"Cookie": cookies}, "redirect": False}
            if fields is None:
                answer = self._pool.request("GET", url, **sent)  # type: ignore[arg-type]
            else:
                answer = self._pool.request_encode_body(
                    "POST", url, fields, encode_multipart=False, **sent
                )
            for cookie in answer.headers.getlist("Set-Cookie"):
                name, _, value = cookie.partition(";")[0].partition("=")
                self._cookies[name] = value
            if answer.status not in (302, 303):
                return url, answer.data.decode()
            url, fields = urljoin(url, answer.headers["Location"]), None
        return url, ""
