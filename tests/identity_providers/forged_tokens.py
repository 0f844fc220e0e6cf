"""ID tokens that are signed by these tests instead of the provider."""

import json
from base64 import urlsafe_b64decode
from collections.abc import Callable
from typing import Any

from chalice.test import HTTPResponse
from joserfc import jwt
from joserfc.jwk import RSAKey

from tests.provider_edge import ProviderEdge
from tests.table_items import scan_items

CLEO = "cleo@example.com"
KEY = RSAKey.generate_key(2048, {"kid": "forged", "use": "sig"})
OTHER_KEY = RSAKey.generate_key(2048, {"kid": "forged", "use": "sig"})
Claims = dict[str, Any]


def is_refused(answer: HTTPResponse) -> bool:
    """Return whether the sign-in failed and created nothing."""
    created = [item for item in scan_items() if item["SK"]["S"].startswith(("PROFILE", "SESSION#"))]
    code = answer.json_body.get("code")
    return (answer.status_code, code, created) == (422, "sign_in_failed", [])


def forge(
    edge: ProviderEdge,
    change: Callable[[Claims], None] = lambda claims: None,
    *,
    key: Any = KEY,
    **header: Any,
) -> None:
    """Let the provider answer with a changed ID token that is signed with `key`.

    The provider publishes `KEY`, so a token is right if only its claims are.
    """

    def replace_token(answer: Claims) -> None:
        if "id_token" not in answer:
            return
        payload = answer["id_token"].split(".")[1]
        claims = json.loads(urlsafe_b64decode(payload + "=="))
        change(claims)
        sent = {"alg": "RS256", "kid": "forged"} | header
        sent = {name: value for name, value in sent.items() if value is not None}
        answer["id_token"] = jwt.encode(sent, claims, key, [sent["alg"]])

    def publish_key(answer: Claims) -> None:
        answer["keys"] = [KEY.as_dict(private=False)]

    edge.changes |= {"/token": replace_token, "/jwks": publish_key}
