"""Signatures, compared with the example of the Standard Webhooks specification."""

import base64
import json

import pytest

from chalicelib import settings
from chalicelib.aws import clients
from chalicelib.aws.secrets import webhook_keys
from tests.support import Person
from tests.webhook_receiver import Receiver, verify_signature
from tests.webhooks.conftest import Deliveries

# From the tests of the specification's Python library:
# https://github.com/standard-webhooks/standard-webhooks/tree/main/libraries/python/tests
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
HEADERS = {
    "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
    "webhook-timestamp": "1614265330",
    "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
}
BODY = b'{"test": 2432232314}'


def test_the_verifier_of_these_tests_accepts_the_example_of_the_specification() -> None:
    verify_signature(SECRET, HEADERS, BODY, 1614265330)
    for changed in ({"webhook-id": "msg_x"}, {"webhook-timestamp": "1614265331"}):
        with pytest.raises(ValueError, match="signature"):
            verify_signature(SECRET, HEADERS | changed, BODY, 1614265330)
    with pytest.raises(ValueError, match="too old"):
        verify_signature(SECRET, HEADERS, BODY, 1614265330 + 301)


def test_a_new_key_is_used_for_new_secrets_and_the_old_one_still_signs(
    ann: Person, project: str, receiver: Receiver, deliveries: Deliveries
) -> None:
    body = {"url": receiver.url, "events": ["task.created"]}
    path = f"/api/projects/{project}/webhooks"
    old = ann.post(path, body).json_body
    keys = {"active": "w2", "w1": "w" * 64, "w2": "v" * 64}
    clients.secrets_manager_client().put_secret_value(
        SecretId=settings.WEBHOOK_KEYS_ID, SecretString=json.dumps(keys)
    )
    webhook_keys.forget()
    new = ann.post(f"{path}/{old['id']}/rotate-secret").json_body
    ann.create_task(project)
    deliveries.send()
    webhook_keys.forget()
    (request,) = receiver.take()
    for secret in (old["secret"], new["secret"]):
        assert len(base64.b64decode(secret.removeprefix("whsec_"))) == 32
        request.verify(secret)


def test_a_run_waits_while_the_keys_cannot_be_read(
    ann: Person, project: str, receiver: Receiver, deliveries: Deliveries
) -> None:
    body = {"url": receiver.url, "events": ["task.created"]}
    ann.post(f"/api/projects/{project}/webhooks", body)
    ann.create_task(project)
    deliveries.follow_stream()
    (message,) = deliveries.take_messages()
    clients.secrets_manager_client().delete_secret(SecretId=settings.WEBHOOK_KEYS_ID)
    webhook_keys.forget()
    assert deliveries.run(message) == [message["messageId"]]
    clients.secrets_manager_client().restore_secret(SecretId=settings.WEBHOOK_KEYS_ID)
    webhook_keys.forget()
    assert deliveries.run(message) == []
    assert receiver.take_types() == ["task.created"]
