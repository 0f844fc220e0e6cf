"""The scripts behind make: ports, pins, and one clear line for each thing that can be wrong."""

import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from infra import venv
from infra.stage import ROOT, UserError
from localstack import cloud

PINNED = ["requirements.txt", "requirements-dev.txt", "localstack/requirements.txt"]


@pytest.mark.parametrize("name", PINNED)
def test_every_requirement_is_pinned(name: str) -> None:
    lines = [line.split("#")[0].strip() for line in (ROOT / name).read_text().splitlines()]
    loose = [line for line in lines if line and "==" not in line and not line.startswith("-r ")]
    assert loose == []


def test_a_changed_pin_means_a_new_installation(tmp_path: Path) -> None:
    top, included = tmp_path / "dev.txt", tmp_path / "base.txt"
    top.write_text("-r base.txt\n")
    included.write_text("a==1\n")
    before = venv._fingerprint(top)
    included.write_text("a==2\n")
    assert venv._fingerprint(top) != before


def test_a_taken_port_is_noticed() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert not cloud.is_free(port)
        with pytest.raises(UserError, match=f"port {port} is taken"):
            cloud.start(port)
    assert cloud.is_free(cloud.free_port())


def test_a_port_that_answers_nothing_is_no_cloud() -> None:
    assert not cloud.is_healthy(cloud.free_port())


@pytest.mark.parametrize("value", ["abc", "0", "65536", "-1"])
def test_a_port_must_be_one(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", value)
    with pytest.raises(UserError, match="is no port number"):
        cloud.port_setting("PORT", 8000)


def test_a_port_has_a_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "")
    assert cloud.port_setting("PORT", 8000) == 8000


def test_what_goes_wrong_is_one_line_and_no_traceback() -> None:
    command = [sys.executable, "-m", "infra.deploy", "outputs", "--stage", "nowhere"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert re.fullmatch(r"error: no stage 'nowhere' .+\n", done.stderr)


def test_make_help_lists_every_verb() -> None:
    makefile = (ROOT / "Makefile").read_text()
    (phony,) = re.findall(r"^\.PHONY: (.+)$", makefile, re.MULTILINE)
    for verb in phony.split():
        assert re.search(rf"^{verb}:.*## .+", makefile, re.MULTILINE), verb
