"""What follows from a change by way of the table's stream."""

from tests.live.support import ApiUser, Deployment, wait_for


def test_a_change_shows_up_in_the_activity(deployment: Deployment) -> None:
    ann = deployment.new_user("ann").sign_up()
    project = ann.request_json("POST", "/projects/", {"name": "Launch"})["id"]
    task = ann.request_json("POST", "/tasks/", {"project": project, "title": "Plan"})["id"]
    ann.request_json("PATCH", f"/tasks/{task}/", {"status": "review"})
    ann.request_json("DELETE", f"/tasks/{task}/")

    def feed() -> list[tuple[str, str | None, str | None]]:
        items = ann.request_json("GET", f"/projects/{project}/activity/")["items"]
        return [(entry["action"], entry["new"], entry["actor"]) for entry in items]

    assert wait_for(lambda: feed() if len(feed()) == 3 else None) == [
        ("deleted", None, ann.id),
        ("changed", "review", ann.id),
        ("created", None, ann.id),
    ]


def test_a_comment_reaches_who_watches_and_who_is_mentioned(deployment: Deployment) -> None:
    ann, bob, mel = (deployment.new_user(name).sign_up() for name in ("ann", "bob", "mel"))
    project = ann.request_json("POST", "/projects/", {"name": "Launch"})["id"]
    for person in (bob, mel):
        ann.request_json("POST", f"/projects/{project}/members/", {"user_id": person.id})
    task = bob.request_json("POST", "/tasks/", {"project": project, "title": "Plan"})["id"]
    ann.request_json("POST", f"/tasks/{task}/comments/", {"body": f"Look, @{mel.name}."})

    def mails(person: ApiUser) -> list[str]:
        subjects = [mail["subject"] for mail in deployment.mails_to(person.email)]
        return [subject for subject in subjects if subject.endswith(": Plan")]

    assert wait_for(lambda: mails(bob)) == ["New comment: Plan"]
    assert wait_for(lambda: mails(mel)) == ["You were mentioned: Plan"]
    assert mails(ann) == []
