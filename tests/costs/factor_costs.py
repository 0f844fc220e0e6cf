"""The calls about second factors whose costs docs/data-model.md states."""

from typing import Any

from chalicelib.accounts.staff import make_staff
from chalicelib.clock import now
from tests.authenticator import (
    FACTORS,
    LOGIN,
    SECOND_STEP,
    Authenticator,
    request_ticket,
    set_up,
)
from tests.costs.costs import Call, Request, Scenario
from tests.support import PASSWORD, Person

UNAUTHENTICATED = 401


def _with_app(world: Scenario) -> tuple[Person, Authenticator]:
    person = world.new_user()
    return person, set_up(person)


def _call(world: Scenario, method: str, path: str) -> Request:
    return (method, path, None, _with_app(world)[0])


def _confirm(world: Scenario) -> Request:
    person = world.new_user()
    app = Authenticator(person.post(f"{FACTORS}/totp").json_body["secret"])
    return ("POST", f"{FACTORS}/totp/confirm", {"code": app.code()}, person)


def _first_step(world: Scenario) -> Request:
    person, _ = _with_app(world)
    login = {"email": person.email, "password": PASSWORD}
    return ("POST", LOGIN, login, person, None, UNAUTHENTICATED)


def _second_step(world: Scenario, proof: str) -> Request:
    person, app = _with_app(world)
    proofs: dict[str, Any] = {"code": app.code(1), "recovery_code": app.recovery_codes[0]}
    body = {"ticket": request_ticket(person, person), proof: proofs[proof]}
    return ("POST", SECOND_STEP, body, person)


def _step_up(world: Scenario) -> Request:
    person, app = _with_app(world)
    return ("POST", "/api/auth/step-up", {"code": app.code(1)}, person)


def _reset(world: Scenario) -> Request:
    assert make_staff(email=world.ann.email, now=now()) is None
    return ("DELETE", f"/api/admin/users/{_with_app(world)[0].id}/second-factors")


FACTOR_CALLS: dict[str, Call] = {
    "`GET /api/auth/second-factors`": lambda w: _call(w, "GET", FACTORS),
    "`POST /api/auth/second-factors/totp`": lambda w: _call(w, "POST", f"{FACTORS}/totp"),
    "`POST .../totp/confirm`": _confirm,
    "`DELETE /api/auth/second-factors/totp`": lambda w: _call(w, "DELETE", f"{FACTORS}/totp"),
    "`POST .../recovery-codes`": lambda w: _call(w, "POST", f"{FACTORS}/recovery-codes"),
    "`POST /api/auth/login`, with a second factor": _first_step,
    "`POST /api/auth/login/second-factor`": lambda w: _second_step(w, "code"),
    "... with a recovery code": lambda w: _second_step(w, "recovery_code"),
    "`POST /api/auth/step-up`": _step_up,
    "... with the password": lambda w: (
        "POST",
        "/api/auth/step-up",
        {"password": PASSWORD},
        w.new_user(),
    ),
    "`DELETE /api/admin/users/{user_id}/second-factors`": _reset,
}
