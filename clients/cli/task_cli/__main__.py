"""The entry point of the command `task`, which is also `python -m task_cli`."""

import sys


def run() -> None:
    """Run the command. Ctrl-C ends it also while its modules are being imported."""
    try:
        from task_cli.main import run as run_command

        run_command()
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    run()
