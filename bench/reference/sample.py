"""Create the table and the sample data of the reference; print the ids and a token as JSON."""

import json
from datetime import UTC, datetime, timedelta

import jwt

from app import SECRET, Member, Task

PROJECT, USER, TASKS = "project", "user", 40


def main() -> None:
    if not Task.exists():
        Task.create_table(billing_mode="PAY_PER_REQUEST", wait=True)
    Member(f"PROJECT#{PROJECT}", f"MEMBER#{USER}", role="owner").save()
    now = datetime.now(UTC)
    for number in range(TASKS):
        Task(
            f"PROJECT#{PROJECT}",
            f"TASK#{PROJECT}.{number:04}",
            status_key=f"{PROJECT}#todo",
            project=PROJECT,
            title=f"Task {number}",
            description="x" * 200,
            priority="high",
            due_date=now + timedelta(days=number),
            created_by=USER,
            created_at=now,
            updated_at=now,
        ).save()
    token = jwt.encode({"sub": USER, "exp": now + timedelta(hours=6)}, SECRET, algorithm="HS256")
    print(json.dumps({"project": PROJECT, "task": f"{PROJECT}.0000", "token": token}))


if __name__ == "__main__":
    main()
