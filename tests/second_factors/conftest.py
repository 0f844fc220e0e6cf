import pytest
from chalice.test import Client

from chalicelib.accounts.staff import make_staff
from chalicelib.clock import now
from tests.support import Person, sign_up


@pytest.fixture
def chief(client: Client) -> Person:
    """A member of the site staff."""
    person = sign_up(client, "chief")
    assert make_staff(email=person.email, now=now()) is None
    return person
