"""Package the app: Chalice creates the zip and the template, which are then adapted to the stage.

The result is `build/<stage>/sam.yaml`, `deployment.zip`, and a `layer-<name>.zip` for each list of
`infra/layers`. A build whose inputs did not change is reused.
"""

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from zipfile import ZipFile

from infra.packaging.api_docs_assets import fetch_assets
from infra.packaging.bytecode import compile_folder, find_interpreter
from infra.packaging.postprocess import postprocess_template
from infra.packaging.reproducible_zip import measure_zip, zip_folder
from infra.packaging.vendor import FUNCTION_PATH, vendor_functions, vendor_layer
from infra.stage import ROOT, Stage, UserError, find_command, load_stage
from infra.template import read_template, write_template
from infra.venv import lock_folder

# Chalice imports app.py to find its routes, and the app does not start without its settings.
PLACEHOLDERS = {
    "STAGE": "package",
    "TABLE_NAME": "package",
    "BUCKET_NAME": "package",
    "SECRET_ID": "package",
    "MAIL_SENDER": "package@example.com",
    "MAIL_CONFIGURATION_SET": "package",
    "REMINDER_HOUR": "9",
    "APP_URL": "https://package.example.com",
    "ORIGIN_KEY_ID": "",
    "API_URL": "https://package.example.com",
    "JOB_WORKER": "package",
    "DEAD_LETTERS_URL": "https://package.example.com",
    "LIVE_URL": "wss://package.example.com",
    "LIVE_EVENTS_URL": "https://package.example.com",
    "WEBHOOK_DELIVERIES_URL": "https://package.example.com",
    "WEBHOOK_KEYS_ID": "package",
    "SECOND_FACTOR_KEYS_ID": "package",
    "OTLP_ENDPOINT": "",
    "IDENTITY_PROVIDERS": "",
    "CLIENT_SECRETS_ID": "",
    "WEBHOOK_LOOPBACK": "false",
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
    "DYNAMODB_TRANSPORT": "direct",
    "S3_ADDRESSING_STYLE": "virtual",
    "POWERTOOLS_SERVICE_NAME": "package",
    "POWERTOOLS_METRICS_NAMESPACE": "package",
    "POWERTOOLS_LOG_LEVEL": "INFO",
    "AWS_DEFAULT_REGION": "us-east-1",
}
_APP_SOURCES = ("app.py", "chalicelib", ".chalice")
_INPUTS = (*_APP_SOURCES, "infra", "requirements.txt")
_IGNORED = {"__pycache__", "deployments", "deployed"}
_LAYERS = ROOT / "infra" / "layers"


def package(stage: Stage) -> Path:
    """Build `stage` unless its inputs are unchanged; return the template's path.

    A lock allows one build at a time, because parallel tests and `make run` share the build folder.
    """
    stamp = stage.build_dir / "inputs.sha256"
    with lock_folder(stage.build_dir):
        fetch_assets()
        fingerprint = _compute_fingerprint(stage)
        with lock_folder(ROOT / "build" / "all"):
            if stamp.exists() and stamp.read_text() == fingerprint:
                print(f"  build/{stage.name} is up to date", flush=True)
            else:
                _build(stage)
                stamp.write_text(fingerprint)
    return stage.template


def _build(stage: Stage) -> None:
    dependencies = vendor_functions(stage)
    print(f"  zipping app and dependencies into build/{stage.name}", flush=True)
    shutil.rmtree(stage.build_dir, ignore_errors=True)
    source = _copy_sources(stage)
    _check_identity_providers(stage, source)
    _run_chalice(stage, source)
    template = read_template(stage.template)
    postprocess_template(template, stage)
    write_template(stage.template, template)
    _add_dependencies(stage, dependencies, source)
    for requirements in sorted(_LAYERS.glob("*.txt")):
        layer = _zip_cached(vendor_layer(stage, requirements), "python/")
        shutil.copyfile(layer, stage.build_dir / f"layer-{requirements.stem}.zip")
    _print_sizes(stage)


def _copy_sources(stage: Stage) -> Path:
    """Copy the app into the build folder; return the copy's folder."""
    target = stage.build_dir / "source"
    target.mkdir(parents=True)
    for name in _APP_SOURCES:
        source = stage.sources / name
        if source.is_dir():
            shutil.copytree(source, target / name, ignore=shutil.ignore_patterns(*_IGNORED))
        else:
            shutil.copy2(source, target / name)
    # An empty file, so that Chalice downloads no dependencies.
    (target / "requirements.txt").touch()
    return target


def _check_identity_providers(stage: Stage, source: Path) -> None:
    """Raises UserError when the stage's identity providers are not valid.

    Otherwise the app would notice it at the first sign-in.
    """
    code = "from chalicelib.identity_providers import providers; providers.list_providers()"
    _run_in(
        source,
        [sys.executable, "-c", code],
        IDENTITY_PROVIDERS=stage.parameters.get("IdentityProviders", ""),
        WEBHOOK_LOOPBACK=stage.parameters.get("AllowLoopbackWebhooks", "false"),
    )


def _run_chalice(stage: Stage, source: Path) -> None:
    """Let Chalice write the zip and the template."""
    resources = ROOT / "infra" / "resources.yaml"
    command = [find_command("chalice"), "package", "--stage", stage.name]
    command += ["--template-format", "yaml", "--merge-template", str(resources)]
    command += [str(stage.build_dir)]
    _run_in(source, command)


def _run_in(source: Path, command: list[str], **settings: str) -> str:
    """Run a command that imports the app; return its output. Raises UserError when it fails."""
    # The folder `source` is zipped, so this Python must write no bytecode.
    environment = os.environ | PLACEHOLDERS | settings | {"PYTHONDONTWRITEBYTECODE": "1"}
    environment["PYTHONPATH"] = str(ROOT)  # for the modules of `infra`
    done = subprocess.run(
        command, cwd=source, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise UserError(f"the app could not be packaged:\n{done.stdout}{done.stderr}".strip())
    return done.stdout


def _add_dependencies(stage: Stage, dependencies: Path, source: Path) -> None:
    """Replace Chalice's zip with a reproducible one of dependencies, app, route index, bytecode."""
    unpacked = stage.build_dir / "unpacked"
    with ZipFile(stage.zip) as archive:
        archive.extractall(unpacked)
    index = _run_in(source, [sys.executable, "-m", "infra.packaging.route_index"])
    (unpacked / "chalicelib" / "http" / "route_index.json").write_text(index)
    compile_folder(unpacked / "chalice", stage.runtime, f"{FUNCTION_PATH}/chalice")
    compile_folder(unpacked, stage.runtime, FUNCTION_PATH, keep_sources=True)
    shutil.copyfile(_zip_cached(dependencies), stage.zip)
    zip_folder(unpacked, stage.zip, mode="a")
    shutil.rmtree(unpacked)


def _zip_cached(folder: Path, prefix: str = "") -> Path:
    """Zip downloaded dependencies once, into a file beside their folder; return its path."""
    target = folder.with_suffix(".zip")
    if not target.exists():
        unfinished = folder.with_suffix(".part")
        zip_folder(folder, unfinished, prefix)
        unfinished.rename(target)
    return target


def _print_sizes(stage: Stage) -> None:
    if find_interpreter(stage.runtime) is None:
        print(f"  no {stage.runtime} on this machine: without bytecode, functions start slower")
    for archive in sorted(stage.build_dir.glob("*.zip")):
        packed, unpacked = measure_zip(archive)
        print(f"  {archive.name}: {packed / 1e6:.1f} MB, {unpacked / 1e6:.1f} MB unpacked")


def _compute_fingerprint(stage: Stage) -> str:
    """Return a hash of the stage, of the Python that compiles, and of all input files."""
    sha = hashlib.sha256(f"{stage.name} {find_interpreter(stage.runtime)}".encode())
    for path in _list_inputs(stage.sources):
        sha.update(path.name.encode())
        sha.update(path.read_bytes())
    return sha.hexdigest()


def _list_inputs(sources: Path) -> Iterator[Path]:
    for name in _INPUTS:
        found = (sources if name in _APP_SOURCES else ROOT) / name
        files = [found] if found.is_file() else sorted(found.rglob("*"))
        yield from (path for path in files if path.is_file() and _IGNORED.isdisjoint(path.parts))


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m infra.packaging.package", description=__doc__)
    parser.add_argument("--stage", default="prod", help="a table of infra/stages.toml (prod)")
    arguments = parser.parse_args()
    print(f"packaging {arguments.stage}")
    print(f"  wrote {package(load_stage(arguments.stage)).relative_to(ROOT)}")


if __name__ == "__main__":
    main()
