"""Secrets of webhooks, and signatures in the Standard Webhooks format.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md

No secret is stored: it is derived from a key in Secrets Manager, the webhook's id and the number
of its rotations.
"""

import base64
import hmac
from datetime import datetime, timedelta
from hashlib import sha256

from chalicelib.aws import secrets
from chalicelib.dynamodb.timestamps import format_timestamp
from chalicelib.errors import Unavailable
from chalicelib.webhooks.models import Webhook

PREFIX = "whsec_"
# For this long after a rotation, requests are signed with the previous secret too.
OVERLAP = timedelta(hours=24)


def format_secret(webhook: Webhook) -> str:
    """Return the secret as its owner stores it: `whsec_` and 256 bits in base64."""
    secret = _derive_secret(webhook, webhook.secret_key, int(webhook.secret_number))
    return PREFIX + base64.b64encode(secret).decode()


def build_headers(webhook: Webhook, event_id: str, body: bytes, now: datetime) -> dict[str, str]:
    """Return the three headers that sign `body` as sent at `now`.

    During the overlap after a rotation there are two signatures, the newer one first.
    """
    timestamp = str(int(now.timestamp()))
    content = f"{event_id}.{timestamp}.".encode() + body
    number = int(webhook.secret_number)
    keys = [_derive_secret(webhook, webhook.secret_key, number)]
    if webhook.previous_until is not None and webhook.previous_until > format_timestamp(now):
        keys.append(_derive_secret(webhook, str(webhook.previous_key), number - 1))
    digests = (base64.b64encode(hmac.digest(key, content, "sha256")).decode() for key in keys)
    return {
        "webhook-id": event_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": " ".join(f"v1,{digest}" for digest in digests),
    }


def _derive_secret(webhook: Webhook, key_id: str, number: int) -> bytes:
    key = secrets.find_webhook_key(key_id)
    if key is None:  # it was removed from the secret; docs/operations.md says what to do
        raise Unavailable(f"The key {key_id} of webhook secrets is missing")
    return hmac.new(key, f"webhook\n{webhook.id}\n{number}".encode(), sha256).digest()
