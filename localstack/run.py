"""`make run`: local cloud, stack, sample data and API server, until Ctrl-C."""

import signal
import sys
from contextlib import ExitStack
from types import FrameType

from infra.stage import UserError, in_one_line
from localstack import cloud, stack
from localstack.background import cloud_port
from localstack.mailbox import Mailbox
from localstack.server import Server, restart_on_change
from localstack.stack import Outputs

_BANNER = """
  API              {api_url}/
  through gateway  {gateway_api_url}/
  documentation    {api_url}/schema/swagger-ui
  mailbox          {mailbox_page}
  AWS endpoint     {aws_endpoint} (also in .local/outputs.json)

Ctrl-C stops everything this command started.
"""


def run(port: int) -> None:
    """Bring everything up, serve until interrupted, stop what was started, newest first."""
    if not cloud.is_free(port):
        raise UserError(f"port {port} is taken; choose another: make run PORT=8001")
    with ExitStack() as cleanup:
        outputs = _bring_up(port, cleanup)
        server = Server(port, outputs)
        cleanup.callback(server.stop)
        server.start()
        if not server.wait_until_ready():
            raise UserError("the API server did not start; its reason stands above")
        stack.seed(outputs["api_url"])
        print(_BANNER.format(**outputs, mailbox_page=_open_mailbox(outputs, cleanup)), flush=True)
        restart_on_change(server)


def _bring_up(port: int, cleanup: ExitStack) -> Outputs:
    """Cloud and stack; after the clean-up `.local/outputs.json` is true again."""
    at = cloud_port()
    found = cloud.is_healthy(at)
    print(f"{'using' if found else 'starting'} the local cloud on port {at}", flush=True)
    if not found:
        cleanup.callback(cloud.stop, cloud.start(at))
    print("deploying the stack", flush=True)
    app_url = f"http://localhost:{port}"
    deployed = stack.deploy_to(at, {"AppUrl": app_url, "ApiUrl": app_url})
    outputs = deployed | {"api_url": f"{app_url}/api"}
    stack.write(outputs)
    cleanup.callback(stack.write, deployed) if found else cleanup.callback(stack.forget)
    return outputs


def _open_mailbox(outputs: Outputs, cleanup: ExitStack) -> str:
    """Serve the page that shows mails; where it is."""
    wanted = cloud.port_setting("MAILBOX_PORT", 8025)
    port = wanted if cloud.is_free(wanted) else cloud.free_port()
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
        with in_one_line():
            run(cloud.port_setting("PORT", 8000))
    except KeyboardInterrupt:
        print("\nstopped", flush=True)
        sys.exit(0)


if __name__ == "__main__":
    main()
