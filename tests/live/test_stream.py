"""Effects of the stream handlers in the deployed system."""

from tests.live.support import ApiUser, Deployment, wait_for


def test_a_change_shows_up_in_the_activity(deployment: Deployment) -> None:
    ann = deployment.new_user("ann").sign_up()
    project = ann.request_json("POST", "/projects/", {"name": "Launch"})["id"]
    task = ann.request_json("POST", "/tasks/", {"project": project, "title": "Plan"})["id"]
    ann.request_json("PATCH", f"/tasks/{task}/", {"status": "review"})
    ann.request_json("DELETE", f"/tasks/{task}/")

    def read_feed() -> list[tuple[str, str | None, str | None]]:
        items = ann.request_json("GET", f"/projects/{project}/activity/")["items"]
        return [(entry["action"], entry["new"], entry["actor"]) for entry in items]

    assert wait_for(lambda: read_feed() if len(read_feed()) == 3 else None) == [
        ("deleted", None, ann.id),
        ("changed", "review", ann.id),
        ("created", None, ann.id),
    ]


def test_a_comment_is_mailed_to_watchers_and_mentioned_people(deployment: Deployment) -> None:
    ann, bob, mel = (deployment.new_user(name).sign_up() for name in ("ann", "bob", "mel"))
    project = ann.request_json("POST", "/projects/", {"name": "Launch"})["id"]
    for person in (bob, mel):
        ann.request_json("POST", f"/projects/{project}/members/", {"user_id": person.id})
    task = bob.request_json("POST", "/tasks/", {"project": project, "title": "Plan"})["id"]
    ann.request_json("POST", f"/tasks/{task}/comments/", {"body": f"Look, @{mel.name}."})

    def list_subjects(person: ApiUser) -> list[str]:
        subjects = [mail["subject"] for mail in deployment.mails_to(person.email)]
        return [subject for subject in subjects if subject.endswith(": Plan")]

    assert wait_for(lambda: list_subjects(bob)) == ["New comment: Plan"]
    assert wait_for(lambda: list_subjects(mel)) == ["You were mentioned: Plan"]
    assert list_subjects(ann) == []
