"""The scripts behind make: ports, pinned packages, and error messages of one line."""

import os
import re
import socket
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.version import Version

from infra import lock, venv
from infra.monitoring import cost
from infra.stage import ROOT, UserError, get_local_endpoint
from localstack import cloud

LOCKS = [requirements.with_suffix(".txt") for requirements in lock.list_requirements()]


def read_pins(path: Path) -> dict[str, str]:
    """Return package -> the rest of its line, with version and hashes."""
    lines = path.read_text().replace("\\\n", " ").splitlines()
    pinned = (line.partition("==") for line in lines if line and not line.lstrip().startswith("#"))
    return {name: rest for name, _, rest in pinned}


@pytest.mark.parametrize("path", LOCKS, ids=lambda path: path.stem)
def test_every_requirement_is_pinned_with_its_hashes(path: Path) -> None:
    assert read_pins(path)
    assert [name for name, rest in read_pins(path).items() if "--hash=sha256:" not in rest] == []


@pytest.mark.parametrize("path", LOCKS, ids=lambda path: path.stem)
def test_every_requirement_file_is_locked(path: Path) -> None:
    lines = path.with_suffix(".in").read_text().splitlines()
    required = {re.split(r"[\[=]", line)[0] for line in lines if re.match(r"\w", line)}
    assert required
    assert required <= set(read_pins(path))


def test_development_uses_the_versions_of_the_functions() -> None:
    def read_versions(name: str) -> dict[str, str]:
        return {name: rest.split()[0] for name, rest in read_pins(ROOT / name).items()}

    assert (
        read_versions("requirements.txt").items() <= read_versions("requirements-dev.txt").items()
    )


def test_no_pin_is_below_its_minimum_version() -> None:
    minimums = tomllib.loads((ROOT / "infra" / "minimum_versions.toml").read_text())
    too_low = [
        (path.name, name, rest.split()[0])
        for path in [ROOT / "requirements.txt", ROOT / "requirements-dev.txt"]
        for name, rest in read_pins(path).items()
        if name in minimums and Version(rest.split()[0]) < Version(minimums[name]["minimum"])
    ]
    assert too_low == []
    assert all(each["reason"] for each in minimums.values())


def test_a_changed_pin_changes_the_fingerprint(tmp_path: Path) -> None:
    top, included = tmp_path / "dev.txt", tmp_path / "base.txt"
    top.write_text("-r base.txt\n")
    included.write_text("a==1\n")
    before = venv.compute_fingerprint(top)
    included.write_text("a==2\n")
    assert venv.compute_fingerprint(top) != before


def test_a_port_in_use_is_detected() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert not cloud.is_port_free(port)
        with pytest.raises(UserError, match=f"port {port} is in use"):
            cloud.start(port)
    assert cloud.is_port_free(cloud.find_free_port())


def test_a_port_without_an_answer_is_not_a_healthy_cloud() -> None:
    assert not cloud.is_healthy(cloud.find_free_port())


@pytest.mark.parametrize("value", ["abc", "0", "65536", "-1"])
def test_an_invalid_port_is_refused(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", value)
    with pytest.raises(UserError, match="is not a port number"):
        cloud.read_port("PORT", 8000)


def test_a_port_has_a_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "")
    assert cloud.read_port("PORT", 8000) == 8000


def test_an_error_is_one_line_without_a_traceback() -> None:
    command = [sys.executable, "-m", "infra.deployment.deploy", "outputs", "--stage", "nowhere"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert re.fullmatch(r"error: no stage 'nowhere' .+\n", done.stderr)


@pytest.mark.parametrize(
    "command",
    [
        ["infra.deployment.deploy", "outputs", "--stage", "prod"],
        ["smoke", "--stage", "prod"],
    ],
    ids=lambda command: command[0],
)
def test_missing_credentials_are_reported_in_one_line(command: list[str], tmp_path: Path) -> None:
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    done = subprocess.run(
        [sys.executable, "-m", *command],
        cwd=ROOT,
        env=environment | {"AWS_DEFAULT_REGION": "eu-central-1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (1, "error: Unable to locate credentials\n")


def test_make_help_lists_every_target() -> None:
    makefile = (ROOT / "Makefile").read_text()
    (phony,) = re.findall(r"^\.PHONY: (.+)$", makefile, re.MULTILINE)
    for target in phony.split():
        assert re.search(rf"^{target}:.*## .+", makefile, re.MULTILINE), target


def test_the_request_mix_contains_only_calls_with_known_request_units() -> None:
    assert {share.call for share in cost.REQUEST_MIX} <= set(cost.read_request_units())
    assert sum(share.percent for share in cost.REQUEST_MIX) == 100
    assert sum(cost.price_million_requests().values()) > 0


def test_the_cost_page_shows_the_computed_prices(build: Path) -> None:
    page = (ROOT / "docs" / "cost.md").read_text()
    assert cost.format_table("A million requests of the mix", cost.price_million_requests()) in page
    assert cost.format_table("A month of prod, idle", cost.price_idle_month("prod")) in page


def test_every_accepted_finding_has_a_reason() -> None:
    lines = (ROOT / "infra" / "checkov.yaml").read_text().splitlines()
    accepted = [line for line in lines if line.strip().startswith("- ")]
    assert accepted
    assert [line for line in accepted if not re.fullmatch(r"  - CKV_AWS_\d+ # .+: .+", line)] == []


@pytest.fixture
def no_ports(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ENDPOINT_URL", "CLOUD_PORT"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def outputs_file(tmp_path: Path) -> Path:
    """Return the outputs of a local cloud on another port than the default."""
    path = tmp_path / "outputs.json"
    path.write_text('{"aws_endpoint": "http://localhost:4605"}')
    return path


def test_the_verbs_call_the_local_cloud_that_runs(no_ports: None, outputs_file: Path) -> None:
    assert get_local_endpoint(outputs_file) == "http://localhost:4605"


def test_without_a_running_cloud_the_verbs_call_the_default_port(
    no_ports: None, tmp_path: Path
) -> None:
    assert get_local_endpoint(tmp_path / "outputs.json") == "http://localhost:4566"


def test_the_verbs_call_the_port_that_the_user_names(
    no_ports: None, outputs_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLOUD_PORT", "4700")
    assert get_local_endpoint(outputs_file) == "http://localhost:4700"
