"""The resources of the stack in moto, and the watermarks of a system in operation."""

from copy import deepcopy
from datetime import UTC, datetime
from functools import cache
from typing import Any, cast

from moto.backends import get_backend
from moto.core import DEFAULT_ACCOUNT_ID
from moto.core.base_backend import BaseBackend
from moto.moto_api._internal import moto_api_backend
from moto.s3.models import s3_backends
from moto.sqs.models import sqs_backends

from chalicelib import settings
from chalicelib.aws import clients as aws_clients
from chalicelib.dynamodb.table import Item
from chalicelib.dynamodb.time_index import Watermark
from chalicelib.dynamodb.timestamps import format_timestamp
from tests.oidc_provider import CLIENT_SECRET
from tests.table_items import put_items

ORIGIN_KEY = "o" * 64
# The content of each secret of the stack, by its name.
KEYS = {
    settings.SECRET_ID: f'{{"active": "k1", "k1": "{"s" * 64}"}}',
    settings.ORIGIN_KEY_ID: ORIGIN_KEY,
    settings.WEBHOOK_KEYS_ID: f'{{"active": "w1", "w1": "{"w" * 64}"}}',
    settings.SECOND_FACTOR_KEYS_ID: f'{{"active": "f1", "f1": "{"f" * 64}"}}',
    settings.CLIENT_SECRETS_ID: f'{{"local": "{CLIENT_SECRET}"}}',
}


def create_stack() -> None:
    """Reset moto and create the resources of the stack."""
    moto_api_backend.reset()
    for service, content in _build_backends().items():
        vars(_get_backend(service)).update(deepcopy(content))
    s3_backends[DEFAULT_ACCOUNT_ID]["aws"].create_bucket(settings.BUCKET_NAME, settings.REGION)
    queues = sqs_backends[DEFAULT_ACCOUNT_ID][settings.REGION]
    queues.create_queue(settings.DEAD_LETTERS_URL.rpartition("/")[2])
    queues.create_queue(settings.LIVE_EVENTS_URL.rpartition("/")[2], FifoQueue="true")
    queues.create_queue(settings.WEBHOOK_DELIVERIES_URL.rpartition("/")[2], FifoQueue="true")
    set_watermarks()


@cache
def _build_backends() -> dict[str, Any]:
    """Create the resources and return the content of moto's backends.

    To copy the content is faster than to create the resources for each test.
    """
    Item.create_table(billing_mode="PAY_PER_REQUEST")
    aws_clients.ses_client().verify_email_identity(EmailAddress=settings.MAIL_SENDER)
    secrets = aws_clients.secrets_manager_client()
    for name, value in KEYS.items():
        secrets.create_secret(Name=name, SecretString=value)
    names = ("dynamodb", "ses", "secretsmanager")
    return {name: deepcopy(vars(_get_backend(name))) for name in names}


def _get_backend(service: Any) -> BaseBackend:
    return cast(BaseBackend, get_backend(service)[DEFAULT_ACCOUNT_ID][settings.REGION])


def set_watermarks() -> None:
    """Set every watermark to this hour, as if the tick had run until now.

    Without a watermark, a sweep looks two days back.
    """
    put_items(build_watermarks())


def build_watermarks() -> list[Any]:
    """Return the watermark items, in DynamoDB's JSON, of a system that ticked in this hour."""
    hour = format_timestamp(datetime.now(UTC).replace(minute=0, second=0, microsecond=0))
    kinds = (
        "mail",
        "due",
        "digest",
        "daily",
        "upload",
        "leaving",
        "errand",
        "purge",
        "job",
        "weekly",
        "webhook",
    )
    items = [Watermark.key(kind).empty_item() for kind in kinds]
    for item in items:
        item.hour = hour
    return [item.serialize() for item in items]
