"""What follows from a change by way of the table's stream."""

from tests.live.support import Deployed, Visitor, eventually


def test_a_change_shows_up_in_the_activity(deployed: Deployed) -> None:
    ann = deployed.visitor("ann").signs_up()
    project = ann.must("POST", "/projects/", {"name": "Launch"})["id"]
    task = ann.must("POST", "/tasks/", {"project": project, "title": "Plan"})["id"]
    ann.must("PATCH", f"/tasks/{task}/", {"status": "review"})
    ann.must("DELETE", f"/tasks/{task}/")

    def feed() -> list[tuple[str, str | None, str | None]]:
        items = ann.must("GET", f"/projects/{project}/activity/")["items"]
        return [(entry["action"], entry["new"], entry["actor"]) for entry in items]

    assert eventually(lambda: feed() if len(feed()) == 3 else None) == [
        ("deleted", None, ann.id),
        ("changed", "review", ann.id),
        ("created", None, ann.id),
    ]


def test_a_comment_reaches_who_watches_and_who_is_mentioned(deployed: Deployed) -> None:
    ann, bob, mel = (deployed.visitor(name).signs_up() for name in ("ann", "bob", "mel"))
    project = ann.must("POST", "/projects/", {"name": "Launch"})["id"]
    for person in (bob, mel):
        ann.must("POST", f"/projects/{project}/members/", {"user_id": person.id})
    task = bob.must("POST", "/tasks/", {"project": project, "title": "Plan"})["id"]
    ann.must("POST", f"/tasks/{task}/comments/", {"body": f"Look, @{mel.name}."})

    def mails(person: Visitor) -> list[str]:
        subjects = [mail["subject"] for mail in deployed.mails_to(person.email)]
        return [subject for subject in subjects if subject.endswith(": Plan")]

    assert eventually(lambda: mails(bob)) == ["New comment: Plan"]
    assert eventually(lambda: mails(mel)) == ["You were mentioned: Plan"]
    assert mails(ann) == []
