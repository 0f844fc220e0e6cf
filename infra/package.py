"""Package the app: stage a build folder, let Chalice make zip and template, finish the template.

The result is `build/<stage>/sam.yaml`, `deployment.zip`, and `layer-<name>.zip` for each list of
`infra/layers`: packages that only the functions get which name that layer. Nothing is made twice:
a build whose inputs did not change is kept.
"""

import argparse
import fcntl
import hashlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from zipfile import ZipFile

from infra import pages, template
from infra.archive import pack, sizes
from infra.bytecode import compile_tree, compiler
from infra.finish import finish
from infra.stage import ROOT, Stage, UserError, load, tool
from infra.vendor import FUNCTION_HOME, vendor, vendor_layer
from infra.venv import locked

# Chalice imports app.py to find its routes, and the app refuses to start without its settings.
PLACEHOLDERS = {
    "STAGE": "package",
    "TABLE_NAME": "package",
    "BUCKET_NAME": "package",
    "SECRET_ID": "package",
    "MAIL_SENDER": "package@example.com",
    "MAIL_CONFIGURATION_SET": "package",
    "REMINDER_HOUR": "9",
    "APP_URL": "https://package.example.com",
    "API_URL": "https://package.example.com",
    "JOB_WORKER": "package",
    "ALLOWED_ORIGINS": "https://package.example.com",
    "UPLOAD_MAX_BYTES": "1",
    "UPLOAD_FORM_MAX_BYTES": "1",
    "UPLOAD_TYPES": "*",
    "TASK_MAX_FILES": "1",
    "TASK_MAX_BYTES": "1",
    "PROJECT_MAX_BYTES": "1",
    "FILES_KEPT_DAYS": "0",
    "READS_PER_MINUTE": "1",
    "WRITES_PER_MINUTE": "1",
    "S3_ADDRESSING_STYLE": "virtual",
    "POWERTOOLS_SERVICE_NAME": "package",
    "POWERTOOLS_METRICS_NAMESPACE": "package",
    "POWERTOOLS_LOG_LEVEL": "INFO",
    "AWS_DEFAULT_REGION": "us-east-1",
}
_STAGED = ("app.py", "chalicelib", ".chalice")
_INPUTS = (*_STAGED, "infra", "requirements.txt")
_UNSTAGED = shutil.ignore_patterns("__pycache__", "deployments", "deployed")
_LAYERS = ROOT / "infra" / "layers"


def package(stage: Stage) -> Path:
    """Build `stage` unless the last build is of the same inputs; returns the template's path."""
    with locked(stage.build_dir):
        return _package(stage)


def _package(stage: Stage) -> Path:
    pages.fetch()
    digest = _digest(stage)
    stamp = stage.build_dir / "inputs.sha256"
    with _one_at_a_time():
        if stamp.exists() and stamp.read_text() == digest:
            print(f"  build/{stage.name} is up to date", flush=True)
        else:
            _build(stage, vendor(stage))
            stamp.write_text(digest)
    return stage.template


@contextmanager
def _one_at_a_time() -> Iterator[None]:
    """Tests in parallel and `make run` share one build."""
    lock = ROOT / "build" / "lock"
    lock.parent.mkdir(exist_ok=True)
    with lock.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield


def _build(stage: Stage, dependencies: Path) -> None:
    print(f"  zipping app and dependencies into build/{stage.name}", flush=True)
    shutil.rmtree(stage.build_dir, ignore_errors=True)
    source = stage.build_dir / "source"
    source.mkdir(parents=True)
    for name in _STAGED:
        _copy(stage.sources / name, source / name)
    (source / "requirements.txt").touch()  # empty: Chalice has nothing to fetch and to zip
    _run_chalice(stage, source)
    _finish(stage)
    _seal(stage, dependencies)
    _pack_layers(stage)
    _report(stage)


def _copy(origin: Path, target: Path) -> None:
    if origin.is_dir():
        shutil.copytree(origin, target, ignore=_UNSTAGED)
    else:
        shutil.copy2(origin, target)


def _run_chalice(stage: Stage, source: Path) -> None:
    merge = ROOT / "infra" / "resources.yaml"
    command = [tool("chalice"), "package", "--stage", stage.name, "--template-format", "yaml"]
    command += ["--merge-template", str(merge), str(stage.build_dir)]
    # Chalice imports the app where it zips it: byte code of this Python would go with it.
    environment = os.environ | PLACEHOLDERS | {"PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        command, cwd=source, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise UserError(f"chalice could not package the app:\n{done.stdout}{done.stderr}".strip())


def _finish(stage: Stage) -> None:
    content = template.read(stage.template)
    finish(content, stage)
    template.write(stage.template, content)


def _seal(stage: Stage, dependencies: Path) -> None:
    """The app as Chalice zipped it, with byte code, behind the dependencies, which are zipped
    already: the same bytes for the same files."""
    unpacked = stage.build_dir / "unpacked"
    with ZipFile(stage.zip) as archive:
        archive.extractall(unpacked)
    compile_tree(unpacked, stage.runtime, FUNCTION_HOME)
    shutil.copyfile(_packed(dependencies), stage.zip)
    pack(unpacked, stage.zip, mode="a")
    shutil.rmtree(unpacked)


def _pack_layers(stage: Stage) -> None:
    for requirements in sorted(_LAYERS.glob("*.txt")):
        target = stage.build_dir / f"layer-{requirements.stem}.zip"
        shutil.copyfile(_packed(vendor_layer(stage, requirements), "python/"), target)


def _packed(folder: Path, prefix: str = "") -> Path:
    """Zipped once, beside what was fetched: it changes only with its pins."""
    packed = folder.with_suffix(".zip")
    if not packed.exists():
        unfinished = folder.with_suffix(".part")
        pack(folder, unfinished, prefix)
        unfinished.rename(packed)
    return packed


def _report(stage: Stage) -> None:
    if compiler(stage.runtime) is None:
        print(f"  no {stage.runtime} on this machine: without byte code, functions start slower")
    for archive in sorted(stage.build_dir.glob("*.zip")):
        packed, unpacked = sizes(archive)
        print(f"  {archive.name}: {packed / 1e6:.1f} MB, {unpacked / 1e6:.1f} MB unpacked")


def _digest(stage: Stage) -> str:
    sha = hashlib.sha256(f"{stage.name} {compiler(stage.runtime)}".encode())
    for path in _input_files(stage.sources):
        sha.update(path.name.encode())
        sha.update(path.read_bytes())
    return sha.hexdigest()


def _input_files(sources: Path) -> Iterator[Path]:
    for name in _INPUTS:
        found = (sources if name in _STAGED else ROOT) / name
        files = [found] if found.is_file() else sorted(found.rglob("*"))
        yield from (path for path in files if path.is_file() and not _ignored(path))


def _ignored(path: Path) -> bool:
    return bool({"__pycache__", "deployments", "deployed"} & set(path.parts))


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m infra.package", description=__doc__)
    parser.add_argument("--stage", default="prod", help="a table of infra/stages.toml (prod)")
    arguments = parser.parse_args()
    print(f"packaging {arguments.stage}")
    print(f"  made {package(load(arguments.stage)).relative_to(ROOT)}")


if __name__ == "__main__":
    main()
