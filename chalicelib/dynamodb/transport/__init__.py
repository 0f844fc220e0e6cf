"""The transport of requests to DynamoDB below PynamoDB."""

from typing import Any

from chalicelib import settings


def configure(connection: Any, meta: Any) -> None:
    """Give a connection of PynamoDB a client with the transport of `DYNAMODB_TRANSPORT`.

    `meta` has the timeouts and the retries of its models. Outside of Lambda it is botocore's.
    """
    if settings.DYNAMODB_TRANSPORT == "direct":
        from chalicelib.dynamodb.transport.lean_client import DYNAMODB, create_lean_client

        client = create_lean_client(
            DYNAMODB,
            connection.region,
            url=connection.host,
            connect_timeout=meta.connect_timeout_seconds,
            read_timeout=meta.read_timeout_seconds,
            max_attempts=1 + meta.max_retry_attempts,
        )
        if client is not None:
            connection._client = client
            return
    from chalicelib.dynamodb.transport.response_parser import read_plain_json

    read_plain_json(connection.session)
    connection._client = connection.client  # made by PynamoDB when it is first used
