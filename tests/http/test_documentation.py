"""The OpenAPI document and its pages."""

import json
import re

import pytest

from chalicelib.http.documentation import STATIC_DIR
from tests.support import Api

PAGES = ("/api/schema/swagger-ui", "/api/schema/redoc")


def test_the_document_is_the_one_in_the_repository(anonymous: Api) -> None:
    expected = json.loads((STATIC_DIR / "openapi.json").read_text())
    assert anonymous.get("/api/schema").json_body == expected


@pytest.mark.parametrize("path", ["/api/schema", *PAGES, "/api/schema/assets/swagger-ui.css"])
def test_a_cached_document_is_a_304(anonymous: Api, path: str) -> None:
    first = anonymous.get(path)
    again = anonymous.get(path, headers={"If-None-Match": first.headers["etag"]})
    assert (first.status_code, again.status_code, again.body) == (200, 304, b"")
    assert again.headers["cache-control"] == first.headers["cache-control"] != "no-store"


@pytest.mark.parametrize("path", PAGES)
def test_a_page_has_no_inline_script_and_loads_nothing_from_other_origins(
    anonymous: Api, path: str
) -> None:
    page = anonymous.get(path)
    html = page.body.decode()
    urls = re.findall(r'(?:src|href)="([^"]+)"', html)
    assert all(url.startswith(("/api/schema/assets/", "data:")) for url in urls)
    assert re.findall(r"<script[^>]*>(.*?)</script>", html) and "http" not in html
    assert not any(re.findall(r"<script[^>]*>(.+?)</script>", html))
    policy = page.headers["content-security-policy"]
    assert "script-src 'self';" in policy and "default-src 'none';" in policy
    for url in urls:
        if not url.startswith("data:"):
            assert anonymous.get(url).status_code == 200, url


@pytest.mark.parametrize("name", ["openapi.json", "nothing.js", "..%2Fapi%2Fgate.py", ".js"])
def test_only_scripts_and_style_sheets_are_assets(anonymous: Api, name: str) -> None:
    assert anonymous.get(f"/api/schema/assets/{name}").status_code == 404
