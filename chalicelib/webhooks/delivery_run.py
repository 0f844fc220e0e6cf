"""A run of deliveries: it sends what is to be sent to one webhook, in order.

The queue has one group for each webhook, so runs of a webhook follow each other, and a receiver
that is slow or dead delays no other. A run that dies is repeated, so a receiver may get an event
twice, with the same `webhook-id`.
"""

import json
from datetime import datetime, timedelta
from typing import Any

from chalicelib.dynamodb.table import get_item
from chalicelib.dynamodb.timestamps import format_timestamp, parse_timestamp
from chalicelib.jobs.time_budget import TimeBudget
from chalicelib.observability import logger, record_outcome
from chalicelib.webhooks import delivery_models, models, sending, signatures
from chalicelib.webhooks.delivery_models import (
    DELIVERED,
    FAILED,
    Delivery,
    PendingDelivery,
    list_pending,
    record_attempt,
)
from chalicelib.webhooks.disabling import FAILING, OWNER_LEFT, RECEIVER_GONE, disable_webhook
from chalicelib.webhooks.jobs import is_waiting
from chalicelib.webhooks.models import Webhook
from chalicelib.webhooks.recipients import DeliveryState, read_state
from chalicelib.webhooks.sending import Attempt

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
# The pauses between the attempts: eight attempts in 24 hours.
RETRY_DELAYS = (5 * MINUTE, 10 * MINUTE, 45 * MINUTE, 2 * HOUR, 3 * HOUR, 6 * HOUR, 12 * HOUR)
# An event that waited longer for its next attempt, because the webhook was paused, is not sent.
SENT_FOR = sum(RETRY_DELAYS, timedelta())
# A run stops after so many failed requests, or after one that got no answer.
FAILURES_MAX = 3
# One request and its writes, when all of them are slow.
ATTEMPT_MILLISECONDS = 20_000
# Why an event was not sent.
EXPIRED, NOT_PERMITTED = "expired", "not_permitted"


def run_deliveries(records: list[dict[str, Any]], budget: TimeBudget) -> dict[str, Any]:
    """Run the deliveries of the webhooks that the messages of the queue name.

    Returns the messages whose run failed or was not finished, so that they are delivered again.
    """
    unfinished = []
    for record in records:
        names = json.loads(record["body"])
        run = _Run(names["project_id"], names["webhook_id"], budget)
        try:
            is_finished = run.send_all()
        except Exception:
            logger.exception("a run of deliveries failed", webhook_id=names["webhook_id"])
            is_finished = False
        record_outcome("webhooks", {"sent": run.sent, "failed": run.failed})
        if not is_finished:
            unfinished.append({"itemIdentifier": record["messageId"]})
    return {"batchItemFailures": unfinished}


class _Run:
    """The state of a run; `sent` and `failed` count its requests."""

    def __init__(self, project_id: str, webhook_id: str, budget: TimeBudget) -> None:
        self._project_id, self._webhook_id, self._budget = project_id, webhook_id, budget
        self.sent = self.failed = 0
        # Whether an event failed for which the receiver is to be tried later.
        self._has_failure = self._is_stopped = False
        # Tasks of which an event is to be tried later: their next events wait for it.
        self._blocked: set[str] = set()
        self._next_try: datetime | None = None

    def send_all(self) -> bool:
        """Send everything that is due; return False when the time did not suffice."""
        webhook: Webhook | None = None
        for pending in list_pending(self._webhook_id):
            if pending.subject in self._blocked and not pending.is_manual:
                continue
            if not self._budget.has(ATTEMPT_MILLISECONDS):
                return False
            state = read_state(self._project_id, pending)
            webhook = state.webhook
            if webhook is None or not (webhook.is_active or pending.is_manual):
                return True
            if not state.is_project_open:  # the next event comes after the project was restored
                break
            self._handle(webhook, pending, state)
            if self._is_stopped:
                break
        webhook = webhook or get_item(Webhook.key(self._project_id, self._webhook_id))
        if webhook is not None and webhook.is_active:
            self._record_end(webhook, self._budget.clock())
        return True

    def _handle(self, webhook: Webhook, pending: PendingDelivery, state: DeliveryState) -> None:
        """Send a delivery, unless it has to wait or may not be sent."""
        now, delivery = self._budget.clock(), state.delivery
        # After a successful request, all waiting deliveries are sent at once.
        has_recovered = webhook.failures > 0 and self.sent > 0
        if delivery is None:  # its time-to-live ended
            delivery_models.drop_pending(pending)
        elif not state.is_owner_admin or not state.may_owner_read(delivery.type):
            if not state.is_owner_admin:
                disable_webhook(webhook, OWNER_LEFT, now)
            record_attempt(pending, {"status": FAILED, "error": NOT_PERMITTED})
        elif pending.is_manual:
            self._send_by_hand(webhook, pending, delivery, now)
        elif is_waiting(webhook, now) and not self.sent:
            self._is_stopped = True
        elif (due_at := pending.due_at) and due_at > format_timestamp(now) and not has_recovered:
            self._block(pending, parse_timestamp(due_at))
        elif parse_timestamp(pending.due_at or delivery.created_at) + SENT_FOR < now:
            record_attempt(pending, {"status": FAILED, "error": EXPIRED})
        else:
            self._send(webhook, pending, delivery, now)

    def _send_by_hand(
        self, webhook: Webhook, pending: PendingDelivery, delivery: Delivery, now: datetime
    ) -> None:
        """Make the only attempt of a delivery that a person asked for."""
        attempt = self._post(webhook, delivery, now)
        status = DELIVERED if attempt.is_success else FAILED
        record_attempt(pending, {"status": status, **_describe(delivery, attempt, now)})

    def _send(
        self, webhook: Webhook, pending: PendingDelivery, delivery: Delivery, now: datetime
    ) -> None:
        attempt = self._post(webhook, delivery, now)
        changes = _describe(delivery, attempt, now)
        tries = int(changes["attempts"])
        if attempt.is_success:
            record_attempt(pending, {"status": DELIVERED, **changes})
            return
        self._has_failure = True
        if attempt.is_gone or tries > len(RETRY_DELAYS):
            record_attempt(pending, {"status": FAILED, **changes})
        else:
            retry_at = now + RETRY_DELAYS[tries - 1]
            record_attempt(pending, changes, retry_at=retry_at)
            self._block(pending, retry_at)
        if attempt.is_gone:
            disable_webhook(webhook, RECEIVER_GONE, now)
        self._is_stopped = attempt.is_gone or attempt.status is None or self.failed >= FAILURES_MAX

    def _block(self, pending: PendingDelivery, until: datetime) -> None:
        if pending.subject is not None:
            self._blocked.add(pending.subject)
        self._next_try = min(self._next_try or until, until)

    def _post(self, webhook: Webhook, delivery: Delivery, now: datetime) -> Attempt:
        body = delivery_models.build_payload(delivery)
        headers = signatures.build_headers(webhook, delivery.event_id, body, now)
        attempt = sending.post(webhook.url, headers, body)
        self.sent += attempt.is_success
        self.failed += not attempt.is_success
        return attempt

    def _record_end(self, webhook: Webhook, now: datetime) -> None:
        """Store when the webhook is to be tried again; disable it when it failed for 24 hours."""
        if self._has_failure and not self.sent:
            failures = int(webhook.failures) + 1
            if failures > len(RETRY_DELAYS):
                disable_webhook(webhook, FAILING, now)
                return
            since = webhook.failing_since or format_timestamp(now)
            retry_at = now + RETRY_DELAYS[failures - 1]
            models.record_run(webhook, failures=failures, failing_since=since, retry_at=retry_at)
        elif self.sent:
            again = self._next_try
            if self._is_stopped:  # untried deliveries may be left
                again = now + RETRY_DELAYS[0]
            elif is_waiting(webhook, now):  # deliveries written during this run started none
                again = now
            models.record_run(webhook, failures=0, failing_since=None, retry_at=again)
        elif not self._is_stopped:
            since, failures = webhook.failing_since, int(webhook.failures)
            models.record_run(
                webhook, failures=failures, failing_since=since, retry_at=self._next_try
            )


def _describe(delivery: Delivery, attempt: Attempt, now: datetime) -> dict[str, Any]:
    """Return the attributes of the log that an attempt changes."""
    return {
        "attempts": int(delivery.attempts) + 1,
        "attempted_at": format_timestamp(now),
        "response_status": attempt.status,
        "error": attempt.error,
        "milliseconds": attempt.milliseconds,
    }
