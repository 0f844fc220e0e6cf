"""What AWS errors mean to a caller: an outage is a 503, anything else is our own mistake."""

from collections.abc import Iterator
from contextlib import contextmanager

from botocore.exceptions import BotoCoreError, ClientError
from pynamodb.exceptions import PynamoDBException

from chalicelib.errors import Unavailable

# PynamoDB's errors keep the code and drop the status, hence the two 5xx codes of DynamoDB.
OUTAGE_CODES = frozenset(
    {
        "InternalServerError",
        "ServiceUnavailable",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "ThrottlingException",
        "Throttling",
        "TooManyRequestsException",
        "TransactionInProgressException",
    }
)


@contextmanager
def translate_outages() -> Iterator[None]:
    """Run AWS calls; a time-out, a refused connection, a 5xx or a throttle becomes `Unavailable`.

    Everything else (a validation error, a missing right) is a defect of ours and passes through.
    """
    try:
        yield
    except (PynamoDBException, BotoCoreError, ClientError) as error:
        if _is_outage(error):
            raise Unavailable() from error
        raise


def _is_outage(error: Exception) -> bool:
    cause = getattr(error, "cause", None) or error
    if isinstance(cause, ClientError):
        return get_error_code(cause) in OUTAGE_CODES or _status(cause) >= 500
    return isinstance(cause, BotoCoreError)


def get_error_code(error: ClientError) -> str:
    """The AWS error code, such as `NoSuchKey`."""
    return str(error.response.get("Error", {}).get("Code", ""))


def _status(error: ClientError) -> int:
    return int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
