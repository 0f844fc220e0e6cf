"""The content of the zip files, and the errors of a build."""

import dataclasses
import re
import sys
from pathlib import Path
from zipfile import ZipFile

import pytest

from infra import stage
from infra.packaging import bytecode, package, vendor
from infra.packaging.reproducible_zip import measure_zip, zip_folder
from infra.stage import ROOT, Stage, UserError
from infra.template import read_template

MAGIC_OF_PYTHON_3_13 = (3571).to_bytes(2, "little") + b"\r\n"


def test_the_zip_contains_the_app_and_no_development_files(zip_names: list[str]) -> None:
    tops = {name.split("/")[0] for name in zip_names}
    assert {"app.py", "chalicelib", "chalice", "pynamodb", "msgspec"} <= tops
    assert tops & {"tests", "infra", "localstack", "events", "docs", "bench", ".chalice"} == set()


def test_the_zip_does_not_depend_on_the_build_machine(build: Path, zip_names: list[str]) -> None:
    """It has no bytecode of another Python version and no hashes of scripts with local paths."""
    with ZipFile(build / "deployment.zip") as archive:
        compiled = [name for name in zip_names if name.endswith(".pyc")]
        assert {archive.read(name)[:4] for name in compiled} <= {MAGIC_OF_PYTHON_3_13}
    assert [name for name in zip_names if name.endswith("/RECORD")] == []


def test_the_zip_contains_the_email_templates(zip_names: list[str]) -> None:
    assert any(name.startswith("chalicelib/mail/templates/") for name in zip_names)


def test_compiled_modules_are_for_the_runtime_and_its_architecture(zip_names: list[str]) -> None:
    compiled = [name for name in zip_names if name.endswith(".so")]
    assert compiled
    for name in compiled:
        assert "cpython-313-aarch64" in name or ".abi3." in name, name


def test_botocore_contains_only_the_services_that_the_app_calls(zip_names: list[str]) -> None:
    services = {m[1] for name in zip_names if (m := re.match(r"botocore/data/([^/]+)/", name))}
    assert {"dynamodb", "s3", "secretsmanager", "ses", "sqs"} <= services
    assert len(services) < 10


def test_two_builds_give_the_same_bytes(tmp_path: Path) -> None:
    local = stage.load_stage("local")
    again = dataclasses.replace(local, builds=tmp_path)
    package.package(local), package.package(again)
    assert local.zip.read_bytes() == again.zip.read_bytes()
    assert local.template.read_bytes() == again.template.read_bytes()


def test_two_builds_of_a_layer_give_the_same_bytes(tmp_path: Path) -> None:
    local = stage.load_stage("local")
    pins = ROOT / "infra" / "layers" / "charts.txt"
    zip_folder(vendor.vendor_layer(local, pins), tmp_path / "again.zip", prefix="python/")
    package.package(local)
    assert (local.build_dir / "layer-charts.zip").read_bytes() == (
        tmp_path / "again.zip"
    ).read_bytes()


@pytest.mark.parametrize(
    ("archive", "unpacked_max"),
    [("deployment.zip", 20.5e6), ("layer-charts.zip", 25e6), ("layer-identity.zip", 16e6)],
)
def test_the_archives_of_a_cold_start_stay_small(
    build: Path, archive: str, unpacked_max: float
) -> None:
    packed, unpacked = measure_zip(build / archive)
    assert packed < 9.0e6
    assert unpacked < unpacked_max


def test_there_are_no_other_archives(build: Path) -> None:
    found = {path.name for path in build.glob("*.zip")}
    assert found == {"deployment.zip", "layer-charts.zip", "layer-identity.zip"}


def test_bytecode_is_compiled_only_by_the_python_of_the_runtime() -> None:
    assert bytecode.find_interpreter("python2.6") is None
    assert bytecode.find_interpreter(stage.load_stage("local").runtime) == Path(sys.executable)


def test_a_layer_does_not_repeat_the_packages_of_the_functions(tmp_path: Path) -> None:
    pinned = (ROOT / "requirements-dev.txt").read_text().replace("\\\n", " ").splitlines()
    requirements = [line for line in pinned if line.startswith(("iniconfig==", "six=="))]
    (tmp_path / "charts.txt").write_text("\n".join(requirements))
    folder = vendor.vendor_layer(stage.load_stage("local"), tmp_path / "charts.txt")
    assert (folder / "iniconfig").is_dir()
    assert not (folder / "six.py").exists()


def test_a_wheel_with_another_hash_is_refused(tmp_path: Path) -> None:
    (tmp_path / "forged.txt").write_text(f"iniconfig==2.3.1 --hash=sha256:{'0' * 64}")
    with pytest.raises(UserError, match="HASHES"):
        vendor.vendor_layer(stage.load_stage("local"), tmp_path / "forged.txt")


def test_the_error_for_a_missing_wheel_names_it() -> None:
    output = "ERROR: No matching distribution found for psycopg2==2.9.9"
    reason = vendor.explain_failure(output, stage.load_stage("prod"))
    assert reason == "no wheel of psycopg2==2.9.9 for python3.13 on arm64"


def test_the_local_stage_uses_this_python() -> None:
    local = stage.load_stage("local")
    assert local.has_local_runtime
    template = read_template(package.package(local))
    assert template["Resources"]["Tick"]["Properties"]["Runtime"] == local.runtime


def test_the_template_and_the_package_provide_every_setting_of_the_app(
    template: dict[str, object],
) -> None:
    """A setting that is added to the app only would fail at the first deployment."""
    source = (ROOT / "chalicelib" / "settings.py").read_text()
    settings = set(re.findall(r"""(?:_required|environ\.get)\("([A-Z_0-9]+)\"""", source))
    provided = {*template["Globals"]["Function"]["Environment"]["Variables"]}  # type: ignore[index]
    # Of the functions that need them.
    provided |= {"API_URL", "APP_URL", "DEAD_LETTERS_URL", "JOB_WORKER", "LIVE_URL"}
    provided |= {"CLIENT_SECRETS_ID", "IDENTITY_PROVIDERS"}
    provided |= {"LIVE_EVENTS_URL", "WEBHOOK_DELIVERIES_URL", "WEBHOOK_KEYS_ID"}
    provided |= {"SECOND_FACTOR_KEYS_ID", "OTLP_ENDPOINT"}
    own = {name for name in settings if not name.startswith(("AWS_", "REQUESTS_", "_X_AMZN"))}
    assert own
    assert own <= provided
    assert own <= set(package.PLACEHOLDERS)


@pytest.mark.parametrize(
    "providers",
    ["google", "[{}]", '[{"id": "x", "name": "X", "issuer": "http://x", "client_id": "x"}]'],
)
def test_identity_providers_that_are_not_valid_stop_the_build(
    tmp_path: Path, providers: str
) -> None:
    local = stage.load_stage("local", {"IdentityProviders": providers})
    with pytest.raises(UserError, match="IDENTITY_PROVIDERS"):
        package.package(dataclasses.replace(local, builds=tmp_path))


def test_the_error_for_an_unknown_stage_lists_the_stages() -> None:
    with pytest.raises(UserError, match="local, dev, prod"):
        stage.load_stage("production")


def test_a_parameter_can_be_overridden() -> None:
    changed: Stage = stage.load_stage("local", {"AppUrl": "http://localhost:1"})
    assert changed.parameters["AppUrl"] == "http://localhost:1"


def test_local_commands_never_use_real_credentials(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "production")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "real")
    environment = stage.build_local_environment("http://localhost:4566")
    assert not {"AWS_PROFILE", "AWS_SESSION_TOKEN"} & set(environment)
    assert environment["AWS_ACCESS_KEY_ID"] == "test"
