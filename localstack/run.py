"""`make run`: local cloud, stack, sample data and API server, until Ctrl-C."""

import signal
import sys
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from types import FrameType

from infra.stage import UserError, report_aws_errors
from infra.web_client import build_client
from localstack import cloud, stack
from localstack.background import read_cloud_port
from localstack.mailbox import Mailbox
from localstack.server import Server, restart_on_change
from localstack.stack import Outputs

_BANNER = """
  web client       {client}
  API              {api_url}/
  through gateway  {gateway_api_url}/
  documentation    {api_url}/schema/swagger-ui
  mailbox          {mailbox_page}
  AWS endpoint     {aws_endpoint} (also in .local/outputs.json)

Ctrl-C stops everything this command started.
"""


def run(port: int) -> None:
    """Start everything, serve the API on `port` until interrupted, then stop it in reverse order.

    Raises UserError when the port is in use or the API server does not start.
    """
    if not cloud.is_port_free(port):
        raise UserError(f"port {port} is in use; choose another: make run PORT=8001")
    with ThreadPoolExecutor(1) as builder, ExitStack() as cleanup:
        build = builder.submit(build_client)
        outputs = _start_cloud(port, cleanup)
        server = Server(port, outputs)
        cleanup.callback(server.stop)
        server.start()
        if not server.wait_until_ready():
            raise UserError("the API server did not start; see its output above")
        stack.seed_data(outputs)
        stack.warn_if_stream_stands_still(outputs)
        mailbox_page = _start_mailbox(outputs, cleanup)
        client = f"http://localhost:{port}/" if _is_built(build) else "not built; see above"
        print(_BANNER.format(**outputs, mailbox_page=mailbox_page, client=client), flush=True)
        restart_on_change(server)


def _is_built(build: Future[Path]) -> bool:
    """Wait for the build of the web client. The product also works without it."""
    try:
        build.result()
    except UserError as error:
        print(f"warning: there is no web client: {error}", file=sys.stderr, flush=True)
        return False
    return True


def _start_cloud(port: int, cleanup: ExitStack) -> Outputs:
    """Start the local cloud unless it is running, and deploy the stack.

    On exit, `.local/outputs.json` describes a cloud that was running before, or is removed.
    """
    cloud_port = read_cloud_port()
    running = cloud.is_healthy(cloud_port)
    print(f"{'using' if running else 'starting'} the local cloud on port {cloud_port}", flush=True)
    if not running:
        cleanup.callback(cloud.stop, cloud.start(cloud_port))
    print("deploying the stack", flush=True)
    app_url = f"http://localhost:{port}"
    # The bucket accepts uploads from these pages: the web client, and that of `make web`.
    origins = f"{app_url},http://localhost:3000,http://localhost:5173"
    parameters = {"AppUrl": app_url, "ApiUrl": app_url, "AllowedOrigins": origins}
    deployed = stack.deploy_local_stack(cloud_port, parameters)
    outputs = deployed | {"api_url": f"{app_url}/api"}
    stack.write_outputs(outputs)
    if running:
        cleanup.callback(stack.write_outputs, deployed)
    else:
        cleanup.callback(stack.remove_outputs)
    return outputs


def _start_mailbox(outputs: Outputs, cleanup: ExitStack) -> str:
    """Serve the mailbox page; return its URL."""
    preferred = cloud.read_port("MAILBOX_PORT", 8025)
    port = preferred if cloud.is_port_free(preferred) else cloud.find_free_port()
    mailbox = Mailbox(port, outputs["mailbox_url"])
    cleanup.callback(mailbox.stop)
    mailbox.start()
    return f"http://localhost:{port}/"


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def main() -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    try:
        with report_aws_errors():
            run(cloud.read_port("PORT", 8000))
    except KeyboardInterrupt:
        print("\nstopped", flush=True)
        sys.exit(0)


if __name__ == "__main__":
    main()
