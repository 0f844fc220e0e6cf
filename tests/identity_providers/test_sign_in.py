"""Sign in with an identity, at a real provider."""

from tests.identity_providers.conftest import Browser


def test_a_first_sign_in_creates_an_account(browser: Browser) -> None:
    answer = browser.sign_in("cleo@example.com")
    assert answer.status_code == 200, answer.json_body
    user = answer.json_body["user"]
    assert (user["email"], user["is_verified"]) == ("cleo@example.com", True)
    assert (user["username"], user["display_name"]) == ("cleo", "The cleo@example.com")
