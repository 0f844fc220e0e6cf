"""A private PostgreSQL server for the Django peer, reachable through a Unix socket only."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_SERVERS = Path("/usr/lib/postgresql")


def find_binaries() -> Path | None:
    """Return the folder with the newest server's programs; None if there is no server."""
    installed = sorted(_SERVERS.glob("*/bin"), key=lambda path: int(path.parent.name))
    if installed:
        return installed[-1]
    found = shutil.which("postgres")
    return Path(found).parent if found else None


@contextmanager
def run_postgresql(binaries: Path, folder: Path) -> Iterator[str]:
    """Run a server with its data in the new `folder`; yield the value of PGHOST.

    The server refuses to run as root, so root runs it as the user `postgres`.
    """
    folder.mkdir(parents=True)
    folder.chmod(0o755)
    as_user: list[str] = []
    if os.getuid() == 0:
        shutil.chown(folder, "postgres")
        as_user = ["runuser", "-u", "postgres", "--"]
    data = folder / "data"
    control = [*as_user, str(binaries / "pg_ctl"), "-D", str(data), "-s", "-w"]
    init = [*as_user, str(binaries / "initdb"), "-D", str(data), "-A", "trust", "-U", "postgres"]
    _run(init)
    options = f"-k {folder} -c listen_addresses="
    _run([*control, "-l", str(folder / "log"), "-o", options, "start"])
    try:
        yield str(folder)
    finally:
        _run([*control, "-m", "fast", "stop"])


def _run(command: list[str]) -> None:
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd="/")
