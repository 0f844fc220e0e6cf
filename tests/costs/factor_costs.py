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
from tests.software_authenticator import (
    LOGIN_OPTIONS,
    PASSKEYS,
    STEP_UP_OPTIONS,
    SoftwareAuthenticator,
    register,
    request_options,
    start_login,
)
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


def _with_passkey(world: Scenario) -> tuple[Person, SoftwareAuthenticator]:
    person = world.new_user()
    return person, register(person)


def _register(world: Scenario) -> Request:
    person = world.new_user()
    response = SoftwareAuthenticator().create(request_options(person, f"{PASSKEYS}/options"))
    return ("POST", PASSKEYS, {"name": "Phone", "passkey": response}, person)


def _remove(world: Scenario) -> Request:
    person, _ = _with_passkey(world)
    (passkey,) = person.get(FACTORS).json_body["passkeys"]
    return ("DELETE", f"{PASSKEYS}/{passkey['id']}", None, person)


def _passkey_login_options(world: Scenario) -> Request:
    person, _ = _with_passkey(world)
    return ("POST", LOGIN_OPTIONS, {"ticket": request_ticket(person, person)}, person)


def _passkey_login(world: Scenario) -> Request:
    person, passkey = _with_passkey(world)
    return ("POST", SECOND_STEP, start_login(person, person, passkey), person)


def _passkey_step_up(world: Scenario) -> Request:
    person, passkey = _with_passkey(world)
    proof = passkey.sign(request_options(person, STEP_UP_OPTIONS))
    return ("POST", "/api/auth/step-up", {"passkey": proof}, person)


def _reset(world: Scenario) -> Request:
    assert make_staff(email=world.ann.email, now=now()) is None
    return ("DELETE", f"/api/admin/users/{_with_app(world)[0].id}/second-factors")


FACTOR_CALLS: dict[str, Call] = {
    "`GET /api/auth/second-factors`": lambda w: _call(w, "GET", FACTORS),
    "`GET /api/auth/second-factors`, with a passkey": lambda w: (
        "GET",
        FACTORS,
        None,
        _with_passkey(w)[0],
    ),
    "`POST /api/auth/second-factors/totp`": lambda w: _call(w, "POST", f"{FACTORS}/totp"),
    "`POST .../totp/confirm`": _confirm,
    "`DELETE /api/auth/second-factors/totp`": lambda w: _call(w, "DELETE", f"{FACTORS}/totp"),
    "`POST .../passkeys/options`": lambda w: ("POST", f"{PASSKEYS}/options", None, w.new_user()),
    "`POST .../passkeys`": _register,
    "`DELETE .../passkeys/{passkey_id}`": _remove,
    "`POST .../recovery-codes`": lambda w: _call(w, "POST", f"{FACTORS}/recovery-codes"),
    "`POST /api/auth/login`, with a second factor": _first_step,
    "`POST /api/auth/login/second-factor`": lambda w: _second_step(w, "code"),
    "... with a recovery code": lambda w: _second_step(w, "recovery_code"),
    "`POST /api/auth/login/passkey-options`": _passkey_login_options,
    "`POST /api/auth/login/second-factor`, with a passkey": _passkey_login,
    "`POST /api/auth/step-up`": _step_up,
    "`POST /api/auth/step-up/passkey-options`": lambda w: (
        "POST",
        STEP_UP_OPTIONS,
        None,
        _with_passkey(w)[0],
    ),
    "`POST /api/auth/step-up`, with a passkey": _passkey_step_up,
    "... with the password": lambda w: (
        "POST",
        "/api/auth/step-up",
        {"password": PASSWORD},
        w.new_user(),
    ),
    "`DELETE /api/admin/users/{user_id}/second-factors`": _reset,
}
