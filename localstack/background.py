"""`make up` and `make down`: run the local cloud with the stack in the background."""

import argparse
from pathlib import Path
from urllib.parse import urlsplit

from infra.stage import read_local_outputs, report_aws_errors
from localstack import cloud, stack


def read_cloud_port() -> int:
    """Return CLOUD_PORT, else the port in .local/outputs.json, else LocalStack's port, 4566."""
    running = urlsplit(read_local_outputs().get("aws_endpoint", "")).port
    return cloud.read_port("CLOUD_PORT", running or 4566)


def start() -> None:
    """Start a local cloud unless one is running, deploy to it, and write .local/outputs.json."""
    port = read_cloud_port()
    running = cloud.is_healthy(port)
    print(f"{'using' if running else 'starting'} the local cloud on port {port}", flush=True)
    if not running:
        _get_pid_file(port).write_text(str(cloud.start(port).pid))
    outputs = stack.deploy_local_stack(port)
    stack.write_outputs(outputs)
    stack.warn_if_stream_stands_still(outputs)
    print(f"up: {outputs['api_url']}/ (see .local/outputs.json)")


def stop() -> None:
    """Stop the local cloud that `start` started. Its state is kept for the next start."""
    port = read_cloud_port()
    pid_file = _get_pid_file(port)
    if not pid_file.exists():
        print("nothing to stop")
        return
    cloud.stop_pid(int(pid_file.read_text()), port)
    pid_file.unlink()
    stack.remove_outputs()
    print("stopped")


def _get_pid_file(port: int) -> Path:
    return cloud.get_state_dir(port) / "pid"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m localstack.background", description=__doc__)
    parser.add_argument("verb", choices=["up", "down"])
    verb = parser.parse_args().verb
    with report_aws_errors():
        start() if verb == "up" else stop()


if __name__ == "__main__":
    main()
