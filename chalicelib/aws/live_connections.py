"""The WebSocket connections of API Gateway: send to one, close one.

https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-how-to-call-websocket-api-connections.html
"""

from enum import Enum
from http import HTTPStatus

from chalicelib.aws import clients
from chalicelib.observability import logger


class Delivery(Enum):
    """The result of sending a message to a connection."""

    SENT = "sent"
    GONE = "gone"  # the connection was closed before
    FAILED = "failed"  # no success was reported; the message may have arrived


def send_message(connection_id: str, message: bytes) -> Delivery:
    """Send a message, at most 128 KB, to a connection. It takes three seconds at most."""
    from botocore.exceptions import BotoCoreError, ClientError

    client = clients.live_connections_client()
    try:
        client.post_to_connection(ConnectionId=connection_id, Data=message)
    except ClientError as error:
        if error.response["ResponseMetadata"]["HTTPStatusCode"] == HTTPStatus.GONE:
            return Delivery.GONE
        logger.warning("a message was refused", code=error.response["Error"]["Code"])
        return Delivery.FAILED
    except BotoCoreError as error:  # no answer in time
        logger.warning("a message was not sent", reason=type(error).__name__)
        return Delivery.FAILED
    return Delivery.SENT


def close_connection(connection_id: str) -> None:
    """Close a connection, unless it is closed or API Gateway does not answer."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        clients.live_connections_client().delete_connection(ConnectionId=connection_id)
    except (ClientError, BotoCoreError) as error:
        logger.info("a connection was not closed", reason=type(error).__name__)
