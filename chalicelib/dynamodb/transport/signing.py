"""Sign requests to AWS services with Signature Version 4.

https://docs.aws.amazon.com/IAM/latest/UserGuide/create-signed-request.html
"""

import time
from hashlib import sha256
from hmac import HMAC, digest, new
from typing import Any

from chalicelib.dynamodb.transport.http_session import Endpoint

ALGORITHM = "AWS4-HMAC-SHA256"


class RequestSigner:
    """Signs POST requests without a query string, for one region and service."""

    def __init__(self, region: str, service: str) -> None:
        self._scope = f"{region}/{service}/aws4_request"
        # A signing day, a secret key, and the HMAC that was begun with their signing key.
        self._cached: tuple[str, str, HMAC] = ("", "", new(b"", digestmod="sha256"))

    def add_signature(
        self, headers: dict[str, str], body: bytes, endpoint: Endpoint, credentials: Any
    ) -> None:
        """Add the headers of the signature, for frozen `credentials` of botocore.

        The signature covers body, host, content type, target, date and session token.
        """
        moment = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
        signed = {
            "content-type": headers["Content-Type"],
            "host": endpoint.host,
            "x-amz-date": moment,
            "x-amz-security-token": credentials.token,
            "x-amz-target": headers["X-Amz-Target"],
        }
        if not credentials.token:
            del signed["x-amz-security-token"]
        names = ";".join(signed)
        lines = "".join([f"{name}:{value}\n" for name, value in signed.items()])
        request = f"POST\n{endpoint.path}\n\n{lines}\n{names}\n{sha256(body).hexdigest()}"

        scope = f"{moment[:8]}/{self._scope}"
        text = f"{ALGORITHM}\n{moment}\n{scope}\n{sha256(request.encode()).hexdigest()}"
        signature = self._begin_signature(moment[:8], credentials.secret_key)
        signature.update(text.encode())
        credential = f"{credentials.access_key}/{scope}"
        headers["X-Amz-Date"] = moment
        if credentials.token:
            headers["X-Amz-Security-Token"] = credentials.token
        headers["Authorization"] = (
            f"{ALGORITHM} Credential={credential}, SignedHeaders={names}, "
            f"Signature={signature.hexdigest()}"
        )

    def _begin_signature(self, day: str, secret_key: str) -> HMAC:
        """Return a signature of nothing yet, with the key of the day.

        The key takes four hashes and is the same all day.
        """
        cached_day, cached_secret, begun = self._cached
        if (cached_day, cached_secret) != (day, secret_key):
            key = f"AWS4{secret_key}".encode()
            for part in (day, *self._scope.split("/")):
                key = digest(key, part.encode(), "sha256")
            begun = new(key, digestmod="sha256")
            self._cached = (day, secret_key, begun)
        return begun.copy()
