"""Clients for everything but the table: made on first use, once, and only where used.

boto3 is imported inside: it costs 190 ms of CPU at a cold start, and most requests need the table
alone.
"""

from functools import cache
from typing import Any

from chalicelib import settings

CONNECT_SECONDS = 1
READ_SECONDS = 5
READ_SECONDS_MAIL = 10


@cache
def s3_client() -> Any:
    """S3, signing with SigV4 for the regional host: boto3 still signs SigV2 in us-east-1 and for
    the global host elsewhere unless told otherwise."""
    import boto3

    style = {"addressing_style": settings.S3_ADDRESSING_STYLE}
    config = _config(READ_SECONDS, attempts=3, signature_version="s3v4", s3=style)
    return boto3.client("s3", region_name=settings.REGION, config=config)


@cache
def ses_client() -> Any:
    """SES v1. One attempt: sending has no idempotency token, so a retry after a lost response
    would mail twice; the outbox decides when to try again."""
    import boto3

    config = _config(READ_SECONDS_MAIL, attempts=1)
    return boto3.client("ses", region_name=settings.REGION, config=config)


@cache
def secrets_manager_client() -> Any:
    """Secrets Manager, for the keys that sign tokens and cursors."""
    import boto3

    config = _config(READ_SECONDS, attempts=3)
    return boto3.client("secretsmanager", region_name=settings.REGION, config=config)


@cache
def lambda_client() -> Any:
    """Lambda, for the function that wakes another."""
    import boto3

    config = _config(READ_SECONDS, attempts=3)
    return boto3.client("lambda", region_name=settings.REGION, config=config)


def _config(read_seconds: float, *, attempts: int, **options: Any) -> Any:
    from botocore.config import Config

    return Config(
        connect_timeout=CONNECT_SECONDS,
        read_timeout=read_seconds,
        retries={"total_max_attempts": attempts, "mode": "standard"},
        **options,
    )
