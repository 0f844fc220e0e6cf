"""boto3 clients for all services but DynamoDB, each created once, on first use.

boto3 is imported inside the functions: the import costs 190 ms of CPU at a cold start, and most
requests need only the table.
"""

from functools import cache
from typing import Any

from chalicelib import settings

CONNECT_SECONDS = 1
READ_SECONDS = 5
READ_SECONDS_MAIL = 10


@cache
def s3_client() -> Any:
    """Return the client of S3, which signs with SigV4 for the regional host.

    By default boto3 signs with SigV2 in us-east-1, and for the global host elsewhere.
    """
    style = {"addressing_style": settings.S3_ADDRESSING_STYLE}
    return _create_client("s3", signature_version="s3v4", s3=style)


@cache
def ses_client() -> Any:
    """Return the client of SES v1, which makes one attempt.

    Sending has no idempotency token, so a retry after a lost response would send the mail twice.
    The outbox decides when to try again.
    """
    return _create_client("ses", attempts=1, read_timeout=READ_SECONDS_MAIL)


@cache
def secrets_manager_client() -> Any:
    """Return the client of Secrets Manager, for the keys that sign tokens and cursors."""
    return _create_client("secretsmanager")


@cache
def lambda_client() -> Any:
    """Return the client of Lambda, for the function that invokes another one."""
    return _create_client("lambda")


def _create_client(
    service: Any, *, attempts: int = 3, read_timeout: int = READ_SECONDS, **options: Any
) -> Any:
    import boto3
    from botocore.config import Config

    config = Config(
        connect_timeout=CONNECT_SECONDS,
        read_timeout=read_timeout,
        retries={"total_max_attempts": attempts, "mode": "standard"},
        **options,
    )
    return boto3.client(service, region_name=settings.REGION, config=config)
