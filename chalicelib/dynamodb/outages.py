"""The meaning of AWS errors for a caller: an outage is a 503, everything else is a defect."""

import random
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

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

BATCH_TRIES = 5


@contextmanager
def translate_outages() -> Iterator[None]:
    """Raise `Unavailable` when an AWS call times out, has no connection, is throttled or gets 5xx.

    Other errors (a validation error, a missing permission) are defects and pass unchanged.
    """
    try:
        yield
    except (PynamoDBException, BotoCoreError, ClientError) as error:
        raise_outage(error)
        raise


def raise_outage(error: Exception) -> None:
    """Raise `Unavailable` if the error of an AWS call is an outage."""
    cause = getattr(error, "cause", None) or error
    if isinstance(cause, ClientError):
        status = int(cause.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
        is_outage = get_error_code(cause) in OUTAGE_CODES or status >= 500
    else:
        is_outage = isinstance(cause, BotoCoreError)
    if is_outage:
        raise Unavailable() from error


def is_unreachable(outage: Unavailable) -> bool:
    """Return whether no attempt got a response of the service: another call waits as long."""
    return isinstance(outage.__cause__, BotoCoreError)


def get_error_code(error: ClientError) -> str:
    """Return the AWS error code, such as `NoSuchKey`."""
    return str(error.response.get("Error", {}).get("Code", ""))


def back_off(attempt: int) -> None:
    """Pause after the attempt (0 is the first), with full jitter: below 20 ms, later below 400."""
    time.sleep(random.uniform(0, min(0.4, 0.02 * 2**attempt)))


def send_until_processed(chunk: Sequence[Any], send: Callable[[Any], Any]) -> None:
    """Call `send` with a chunk of a batch, then with what it returns: what was not processed.

    Raises `Unavailable` after five tries.
    """
    for attempt in range(BATCH_TRIES):
        chunk = send(chunk)
        if not chunk:
            return
        back_off(attempt)
    raise Unavailable()
