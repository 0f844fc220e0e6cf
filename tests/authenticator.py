"""An authenticator app and the logins that need it, through the API as clients use it."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from chalice.test import HTTPResponse
from pyotp import TOTP

from tests.support import PASSWORD, Api, Person

FACTORS = "/api/auth/second-factors"
LOGIN, SECOND_STEP = "/api/auth/login", "/api/auth/login/second-factor"
STEP_SECONDS = 30


@dataclass
class Authenticator:
    """The app of one account with its recovery codes. `steps` moves the app's clock."""

    secret: str
    recovery_codes: list[str] = field(default_factory=list)

    def code(self, steps: int = 0) -> str:
        """Return the code that the app shows so many time steps from now."""
        return TOTP(self.secret).at(datetime.now(UTC) + timedelta(seconds=STEP_SECONDS * steps))


def set_up(person: Person) -> Authenticator:
    """Set up an authenticator app for the person, who has just logged in.

    Its present code is used up; `app.code(1)` is the next one.
    """
    started = person.post(f"{FACTORS}/totp")
    assert started.status_code == 200, started.json_body
    app = Authenticator(started.json_body["secret"])
    confirmed = person.post(f"{FACTORS}/totp/confirm", {"code": app.code()})
    assert confirmed.status_code == 200, confirmed.json_body
    app.recovery_codes = confirmed.json_body["recovery_codes"] or []
    return app


def request_ticket(anonymous: Api, person: Person, password: str = PASSWORD) -> str:
    """Log in with the password and return the ticket for the second step."""
    answer = anonymous.post(LOGIN, {"email": person.email, "password": password})
    assert answer.json_body["code"] == "second_factor_required", answer.json_body
    assert answer.status_code == 401
    return str(answer.json_body["ticket"])


def log_in(anonymous: Api, person: Person, **proof: Any) -> HTTPResponse:
    """Log in with the password and `proof`, such as `code="123456"`."""
    return anonymous.post(SECOND_STEP, {"ticket": request_ticket(anonymous, person), **proof})


def code_of(answer: HTTPResponse) -> tuple[int, str]:
    """Return the status and the error code of a refusal."""
    return answer.status_code, answer.json_body["code"]
