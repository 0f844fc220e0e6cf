"""What is in the zip, and what stops a build."""

import re

import pytest
import yaml

from infra import package, stage, vendor
from infra.stage import ROOT, Stage, UserError


def test_the_zip_holds_the_app_and_nothing_of_the_workshop(zipped: list[str]) -> None:
    tops = {name.split("/")[0] for name in zipped}
    assert {"app.py", "chalicelib", "chalice", "pynamodb", "msgspec"} <= tops
    assert tops & {"tests", "infra", "localstack", "events", "docs", "bench", ".chalice"} == set()


def test_mail_templates_travel_with_the_app(zipped: list[str]) -> None:
    assert any(name.startswith("chalicelib/mail_templates/") for name in zipped)


def test_compiled_parts_are_of_the_runtime_and_machine(zipped: list[str]) -> None:
    compiled = [name for name in zipped if name.endswith(".so")]
    assert compiled
    for name in compiled:
        assert "cpython-313-aarch64" in name or ".abi3." in name, name


def test_botocore_knows_only_the_services_we_call(zipped: list[str]) -> None:
    services = {m[1] for name in zipped if (m := re.match(r"botocore/data/([^/]+)/", name))}
    assert {"dynamodb", "s3", "secretsmanager", "ses"} <= services
    assert len(services) < 10


def test_a_missing_wheel_is_named() -> None:
    said = "ERROR: No matching distribution found for psycopg2==2.9.9"
    reason = vendor._reason(said, stage.load("prod"))
    assert reason == "no wheel of psycopg2==2.9.9 for python3.13 on arm64"


def test_locally_the_functions_run_on_this_python() -> None:
    local = stage.load("local")
    assert local.on_this_interpreter
    template = yaml.safe_load(package.package(local).read_text())
    assert template["Resources"]["Tick"]["Properties"]["Runtime"] == local.runtime


def test_packaging_gives_the_app_every_setting_it_asks_for(template: dict[str, object]) -> None:
    """And so does the stack: a setting added to the app alone would fail at the first deploy."""
    source = (ROOT / "chalicelib" / "settings.py").read_text()
    asked = set(re.findall(r"""(?:_required|environ\.get)\("([A-Z_0-9]+)\"""", source))
    given = template["Globals"]["Function"]["Environment"]["Variables"]  # type: ignore[index]
    own = {name for name in asked if not name.startswith("AWS_")}
    assert own
    assert own <= set(given)
    assert own <= set(package._PLACEHOLDERS)


def test_an_unknown_stage_is_answered_with_the_known_ones() -> None:
    with pytest.raises(UserError, match="local, dev, prod"):
        stage.load("production")


def test_a_parameter_can_be_overridden() -> None:
    changed: Stage = stage.load("local", {"AppUrl": "http://localhost:1"})
    assert changed.parameters["AppUrl"] == "http://localhost:1"


def test_a_local_cloud_is_never_reached_with_a_real_identity(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "production")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "real")
    environment = stage.local_environment("http://localhost:4566")
    assert not {"AWS_PROFILE", "AWS_SESSION_TOKEN"} & set(environment)
    assert environment["AWS_ACCESS_KEY_ID"] == "test"
