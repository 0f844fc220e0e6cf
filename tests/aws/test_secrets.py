import pytest

from chalicelib import settings
from chalicelib.aws import clients, secrets


def test_a_secret_that_is_not_there_is_named(cloud: None) -> None:
    clients.secrets_manager_client().delete_secret(
        SecretId=settings.SECRET_ID, ForceDeleteWithoutRecovery=True
    )
    secrets._cached = None
    with pytest.raises(RuntimeError, match=settings.SECRET_ID):
        secrets.get_signing_keys()
