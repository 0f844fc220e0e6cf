"""The built web client as static files, with the headers and the paths that it has on AWS."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from infra.deployment.client_release import PAGE, build_file_headers
from infra.template import Template

# The CloudFront function `ClientPages` in infra/resources.yaml uses the same rule.
_FILE = re.compile(r"^/assets/|\.[^/]*$")


@dataclass(frozen=True)
class StaticFile:
    """A response: the headers and the content of a file."""

    headers: dict[str, str]
    content: bytes


class StaticFiles:
    """The files in `folder`. Every response has the headers `security`, too."""

    def __init__(self, folder: Path, security: dict[str, str]) -> None:
        self._folder = folder.resolve()
        self._security = security

    def find(self, path: str) -> StaticFile | None:
        """Return the file for the path of a request; None when it does not exist.

        A path that names no file is a page of the client, so it gets `index.html`.
        """
        name = unquote(path).lstrip("/").replace("\0", "") if _FILE.search(path) else PAGE
        file = (self._folder / name).resolve()
        if not (file.is_relative_to(self._folder) and file.is_file()):
            return None
        headers = build_file_headers(file.relative_to(self._folder).as_posix())
        return StaticFile(headers | self._security, file.read_bytes())


def read_client_headers(template: Template, storage: str, live: str) -> dict[str, str]:
    """Return the security headers of the web client from the packaged template.

    The pages may send files to the origin `storage` and show its images, and open WebSockets to the
    origin `live`.
    """
    policy = template["Resources"]["ClientHeaders"]["Properties"]["ResponseHeadersPolicyConfig"]
    security: dict[str, Any] = policy["SecurityHeadersConfig"]
    content_policy, _ = security["ContentSecurityPolicy"]["ContentSecurityPolicy"]["Fn::Sub"]
    seconds = security["StrictTransportSecurity"]["AccessControlMaxAgeSec"]
    custom = policy["CustomHeadersConfig"]["Items"]
    return {
        "Content-Security-Policy": content_policy.replace("${Storage}", storage).replace(
            "${Live}", live
        ),
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": security["ReferrerPolicy"]["ReferrerPolicy"],
        "Strict-Transport-Security": f"max-age={seconds}; includeSubDomains",
        **{header["Header"]: header["Value"] for header in custom},
    }
