"""boto3 clients for all services but DynamoDB, each created once, on first use.

boto3 is imported inside the functions: the import costs 190 ms of CPU at a cold start, and most
requests need only the table.
"""

from functools import cache
from typing import Any

from chalicelib import settings
from chalicelib.dynamodb.transport.lean_client import (
    SECRETS_MANAGER,
    LeanClient,
    create_lean_client,
)

# With three attempts, a silent service fails a request after about six seconds.
CONNECT_SECONDS = 1
READ_SECONDS = 2
READ_SECONDS_MAIL = 10
# The most messages that are sent to WebSocket connections at the same time.
LIVE_SENDERS = 16
ATTEMPTS = 3


@cache
def s3_client() -> Any:
    """Return the client of S3, which signs with SigV4 for the regional host.

    By default boto3 signs with SigV2 and for the global host. The policy of the web client's pages
    allows the regional one.
    """
    options = {
        "addressing_style": settings.S3_ADDRESSING_STYLE,
        "us_east_1_regional_endpoint": "regional",
    }
    return _create_client("s3", signature_version="s3v4", s3=options)


@cache
def ses_client() -> Any:
    """Return the client of SES v1, which makes one attempt.

    Sending has no idempotency token, so a retry after a lost response would send the mail twice.
    The outbox decides when to try again.
    """
    return _create_client("ses", attempts=1, read_timeout=READ_SECONDS_MAIL)


def get_secret_value(secret_id: str) -> str:
    """Return the text of a secret."""
    params = {"SecretId": secret_id}
    lean = _lean_secrets_client()
    if lean is None:
        return str(secrets_manager_client().get_secret_value(**params)["SecretString"])
    return str(lean.call("GetSecretValue", params)["SecretString"])


@cache
def _lean_secrets_client() -> LeanClient | None:
    return create_lean_client(
        SECRETS_MANAGER,
        settings.REGION,
        connect_timeout=CONNECT_SECONDS,
        read_timeout=READ_SECONDS,
        max_attempts=ATTEMPTS,
    )


@cache
def secrets_manager_client() -> Any:
    """Return the client of Secrets Manager, for the keys that sign tokens and cursors."""
    return _create_client("secretsmanager")


@cache
def sqs_client() -> Any:
    """Return the client of SQS, for the queues of dead letters and of live events."""
    return _create_client("sqs")


@cache
def lambda_client() -> Any:
    """Return the client of Lambda, for the function that invokes another one."""
    return _create_client("lambda")


@cache
def live_connections_client() -> Any:
    """Return the client of the WebSocket connections, which makes one attempt: whoever misses a
    message asks the changes feed."""
    return _create_client(
        "apigatewaymanagementapi",
        address=settings.LIVE_URL.replace("ws", "http", 1),
        attempts=1,
        max_pool_connections=LIVE_SENDERS,
    )


def _create_client(
    service: Any,
    *,
    address: str | None = None,
    attempts: int = ATTEMPTS,
    read_timeout: int = READ_SECONDS,
    **options: Any,
) -> Any:
    import boto3
    from botocore.config import Config

    config = Config(
        connect_timeout=CONNECT_SECONDS,
        read_timeout=read_timeout,
        retries={"total_max_attempts": attempts, "mode": "standard"},
        **options,
    )
    return boto3.client(service, region_name=settings.REGION, endpoint_url=address, config=config)
