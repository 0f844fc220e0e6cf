"""Run a command of Django, such as `migrate --run-syncdb`, or create the sample data: `sample`."""

import json
import os
import sys
from datetime import timedelta

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "peer.settings")

import django
from django.core.management import call_command, execute_from_command_line

TASKS = 40


def create_sample() -> None:
    """Create a user, a project and tasks; print the ids and a token as JSON."""
    django.setup()
    from core.models import Project, Task, User
    from django.utils import timezone
    from rest_framework_simplejwt.tokens import AccessToken

    call_command("migrate", run_syncdb=True, verbosity=0)
    user = User.objects.create_user("ann", "ann@example.com", "a password of the peer")
    project = Project.objects.create(name="Benchmark", owner=user)
    project.members.add(user)
    tasks = [
        Task.objects.create(
            project=project,
            title=f"Task {number}",
            description="x" * 200,
            priority="high",
            created_by=user,
            due_date=timezone.now() + timedelta(days=number),
        )
        for number in range(TASKS)
    ]
    sample = {"project": project.id, "task": tasks[0].id, "token": str(AccessToken.for_user(user))}
    print(json.dumps(sample))


if __name__ == "__main__":
    create_sample() if sys.argv[1:] == ["sample"] else execute_from_command_line(sys.argv)
