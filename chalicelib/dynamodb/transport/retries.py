"""botocore's standard retry mode for the lean client; botocore is imported when a request fails.

https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html
"""

from types import SimpleNamespace
from typing import Any


class StandardRetries:
    """Decides about retries as the handler does that botocore registers for a client."""

    def __init__(self, service: str, max_attempts: int) -> None:
        self._service = service
        self._max_attempts = max_attempts
        self._handler: Any = None
        self._quota: Any = None

    def get_delay(
        self, operation: str, attempt: int, outcome: Any, context: dict[str, Any]
    ) -> float | None:
        """Return the pause in seconds before the next attempt, or None if there is none.

        `outcome` is an exception, or the HTTP response and the parsed error. `context` is a dict
        of the call, in which the handler keeps what it took from its quota.
        """
        if self._handler is None:
            self._create_handler()
        has_failed = isinstance(outcome, Exception)
        delay: float | None = self._handler.needs_retry(
            response=None if has_failed else outcome,
            operation=SimpleNamespace(
                name=operation,
                error_shapes=(),
                service_model=SimpleNamespace(service_name=self._service),
            ),
            attempts=attempt,
            caught_exception=outcome if has_failed else None,
            request_dict={"context": context},
        )
        return delay

    def return_quota(self, context: dict[str, Any], response: Any) -> None:
        """Give back what the retries of a successful call took from the quota."""
        if self._quota is not None:
            self._quota.release_retry_quota(context, response)

    def _create_handler(self) -> None:
        from botocore.retries import quota, standard

        adapter = standard.RetryEventAdapter()
        detector = standard.ThrottlingErrorDetector(adapter)
        self._quota = standard.RetryQuotaChecker(quota.RetryQuota(), detector)
        policy = standard.RetryPolicy(
            standard.StandardRetryConditions(self._max_attempts),
            standard.ExponentialBackoff(service_name=self._service, throttling_detector=detector),
        )
        self._handler = standard.RetryHandler(policy, adapter, self._quota, self._service)
