"""The signing keys."""

import pytest

from chalicelib import settings
from chalicelib.aws import clients, secrets


def test_a_missing_secret_is_named_in_the_error(cloud: None) -> None:
    clients.secrets_manager_client().delete_secret(
        SecretId=settings.SECRET_ID, ForceDeleteWithoutRecovery=True
    )
    secrets._cached = None
    with pytest.raises(RuntimeError, match=settings.SECRET_ID):
        secrets.get_signing_keys()
