"""`make up` and `make down`: the local cloud and our stack in the background."""

import argparse
from pathlib import Path

from infra.stage import in_one_line
from localstack import cloud, stack


def cloud_port() -> int:
    """CLOUD_PORT, or LocalStack's own port."""
    return cloud.port_setting("CLOUD_PORT", 4566)


def up() -> None:
    """Start a cloud unless one answers, deploy to it, write .local/outputs.json."""
    port = cloud_port()
    found = cloud.is_healthy(port)
    print(f"{'using' if found else 'starting'} the local cloud on port {port}", flush=True)
    if not found:
        _pid_file(port).write_text(str(cloud.start(port).pid))
    outputs = stack.deploy_to(port)
    stack.write(outputs)
    print(f"up: {outputs['api_url']}/ (see .local/outputs.json)")


def down() -> None:
    """Stop the cloud that `up` started; its state is kept for the next start."""
    port = cloud_port()
    noted = _pid_file(port)
    if not noted.exists():
        print("nothing to stop")
        return
    cloud.stop_by_id(int(noted.read_text()), port)
    noted.unlink()
    stack.forget()
    print("stopped")


def _pid_file(port: int) -> Path:
    return cloud.state_of(port) / "pid"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m localstack.background", description=__doc__)
    parser.add_argument("verb", choices=["up", "down"])
    verb = parser.parse_args().verb
    with in_one_line():
        up() if verb == "up" else down()


if __name__ == "__main__":
    main()
