"""Every route declares its permission."""

from app import app
from chalicelib.access.permissions import PERMISSIONS, Action
from tests.support import Api

ROUTES = [
    (method, path, entry.view_function)
    for path, methods in app.routes.items()
    for method, entry in methods.items()
    if method != "OPTIONS"
]
SCHEMA = {f"/api/schema{page}" for page in ("", "/swagger-ui", "/redoc", "/assets/{name}")}
PUBLIC = {"/api", "/api/health", "/api/unsubscribe", "/api/calendar/{address}", *SCHEMA} | {
    f"/api/auth/{name}"
    for name in (
        "register",
        "verify-email",
        "resend-verification",
        "confirm-email",
        "login",
        "login/second-factor",
        "login/passkey-options",
        "refresh",
        "forgot-password",
        "reset-password",
        "identity-providers",
        "sign-in/start",
        "sign-in",
    )
}


def test_a_route_declares_its_permission() -> None:
    without = [
        (method, path)
        for method, path, view in ROUTES
        if not isinstance(getattr(view, "action", None), Action)
    ]
    assert without == [], "declare it with gate.route"


def test_every_action_is_in_the_permission_table() -> None:
    assert set(PERMISSIONS) == set(Action)


def test_only_the_listed_routes_answer_without_a_token(anonymous: Api) -> None:
    answers = [
        (path, anonymous.call(method, path.replace("{", "").replace("}", ""), {}).status_code)
        for method, path, _ in ROUTES
    ]
    # Without a token in the body, a refresh needs the cookie.
    assert {path for path, status in answers if status != 401} == PUBLIC - {"/api/auth/refresh"}


def test_the_public_routes_are_those_with_the_public_action() -> None:
    assert {path for _, path, view in ROUTES if view.action is Action.PUBLIC} == PUBLIC


def test_a_route_has_no_trailing_slash_and_answers_preflight_requests() -> None:
    for path, methods in app.routes.items():
        assert path.startswith("/api") and not path.endswith("/"), path
        assert "OPTIONS" in methods, path


def test_head_is_answered_where_get_is_and_with_the_same_view() -> None:
    """So a HEAD needs the same permission as the GET."""
    for path, methods in app.routes.items():
        assert ("HEAD" in methods) == ("GET" in methods), path
        if "GET" in methods:
            assert methods["HEAD"].view_function is methods["GET"].view_function, path


def test_the_trailing_slash_makes_no_difference(anonymous: Api) -> None:
    assert anonymous.get("/api/health/").json_body == anonymous.get("/api/health").json_body
