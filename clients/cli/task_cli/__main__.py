"""`python -m task_cli` is the command `task`."""

from task_cli.main import run

run()
