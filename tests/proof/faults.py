"""The faults of one request to DynamoDB, injected at the HTTP session of the client.

What retries, decodes and reports errors is the client of the app itself.
"""

import json
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ReadTimeoutError

from chalicelib.dynamodb.table import Item
from tests.dynamodb_local import build_conflict, build_response, read_operation, use_session
from tests.faults import Killed

URL = "https://dynamodb.example"
READ_TIMEOUT = Item.Meta.read_timeout_seconds

Send = Callable[[Any], Any]


@dataclass(frozen=True)
class Fault:
    """A fault of a request.

    `act` gets the request and the function that sends it, and returns a response or raises; None
    means that the fault does not apply to this operation. With `stays`, it happens to all later
    requests too. The app absorbs a fault that is `transient`: the client does not notice it.
    `seconds` is how long a request would take.
    """

    act: Callable[[Any, Send], Any]
    stays: bool = False
    is_transient: bool = False
    seconds: int = 0


def _refuse(status: int, code: str, **body: Any) -> Callable[[Any, Send], Any]:
    return lambda request, send: build_response(status, code, **body)


def _conflict(request: Any, send: Send) -> Any:
    if read_operation(request) != "TransactWriteItems":
        return None
    return build_conflict()


def _leave_unprocessed(request: Any, send: Send) -> Any:
    """Process nothing of a batch."""
    asked = json.loads(request.body).get("RequestItems")
    if read_operation(request) == "BatchGetItem":
        return build_response(200, "", Responses={}, UnprocessedKeys=asked)
    if read_operation(request) == "BatchWriteItem":
        return build_response(200, "", UnprocessedItems=asked)
    return None


def _be_silent(request: Any, send: Send) -> Any:
    raise ReadTimeoutError(endpoint_url=URL)


def _lose_response(request: Any, send: Send) -> Any:
    send(request)
    raise ReadTimeoutError(endpoint_url=URL)


def _kill_before(request: Any, send: Send) -> Any:
    raise Killed


def _kill_after(request: Any, send: Send) -> Any:
    send(request)
    raise Killed


_throttle = _refuse(400, "ThrottlingException", message="slow down")
_fail = _refuse(500, "InternalServerError", message="oops")
FAULTS = {
    "throttled once": Fault(_throttle, is_transient=True),
    "an internal error once": Fault(_fail, is_transient=True),
    "a conflict once": Fault(_conflict, is_transient=True),
    "a batch not processed once": Fault(_leave_unprocessed, is_transient=True),
    "a lost response": Fault(_lose_response, is_transient=True),
    "throttled from then on": Fault(_throttle, stays=True),
    "internal errors from then on": Fault(_fail, stays=True),
    "no response from then on": Fault(_be_silent, stays=True, seconds=READ_TIMEOUT),
    "all responses lost from then on": Fault(_lose_response, stays=True, seconds=READ_TIMEOUT),
    "killed before": Fault(_kill_before, stays=True),
    "killed after": Fault(_kill_after, stays=True),
}


class FaultySession:
    """An HTTP session with a fault at request number `call` (the first is 1).

    `happened` tells whether the fault applied to a request.
    """

    def __init__(self, session: Any, fault: Fault, call: int) -> None:
        self._session, self._fault, self._call = session, fault, call
        self._lock = threading.Lock()
        self.requests = 0
        self._affected: Counter[threading.Thread] = Counter()  # how many requests, by thread

    def send(self, request: Any) -> Any:
        with self._lock:
            self.requests += 1
            number = self.requests
        if number == self._call or (self._fault.stays and number > self._call):
            # A fault that raises has happened; one that returns None has not.
            self._affected[threading.current_thread()] += 1
            response = self._fault.act(request, self._session.send)
            if response is not None:
                return response
            self._affected[threading.current_thread()] -= 1
        return self._session.send(request)

    @property
    def happened(self) -> bool:
        return self._affected.total() > 0

    @property
    def seconds(self) -> int:
        """The time that requests with the fault take. Other threads send at the same time."""
        return self._affected[threading.main_thread()] * self._fault.seconds


@contextmanager
def fault_at(fault: Fault, call: int) -> Iterator[FaultySession]:
    """Let `fault` happen to the request number `call` to DynamoDB in the block."""
    with use_session(lambda session: FaultySession(session, fault, call)) as session:
        yield session
