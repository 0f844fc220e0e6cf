"""The meaning of AWS errors for a caller: an outage is a 503, everything else is a defect."""

from collections.abc import Iterator
from contextlib import contextmanager

from botocore.exceptions import BotoCoreError, ClientError
from pynamodb.exceptions import PynamoDBException

from chalicelib.errors import Unavailable

# PynamoDB's errors have the code but not the status, so DynamoDB's two 5xx codes are listed too.
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
    """Raise `Unavailable` when an AWS call times out, has no connection, is throttled or gets 5xx.

    Other errors (a validation error, a missing permission) are defects and pass unchanged.
    """
    try:
        yield
    except (PynamoDBException, BotoCoreError, ClientError) as error:
        cause = getattr(error, "cause", None) or error
        if isinstance(cause, ClientError):
            status = int(cause.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
            is_outage = get_error_code(cause) in OUTAGE_CODES or status >= 500
        else:
            is_outage = isinstance(cause, BotoCoreError)
        if is_outage:
            raise Unavailable() from error
        raise


def get_error_code(error: ClientError) -> str:
    """Return the AWS error code, such as `NoSuchKey`."""
    return str(error.response.get("Error", {}).get("Code", ""))
