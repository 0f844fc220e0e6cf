"""The sample data of `make run`, created through the app behind a socket."""

from localstack.seed import EMAIL, PASSWORD, PROJECT, TASKS, seed
from tests.live_server import run_app_server
from tests.support import Api


def test_sample_data_is_created_once(anonymous: Api) -> None:
    with run_app_server() as address:
        for _ in range(2):
            seed(f"{address}/api")
    login = {"email": EMAIL, "password": PASSWORD}
    token = anonymous.post("/api/auth/login", login).json_body["access"]
    authorization = {"Authorization": f"Bearer {token}"}
    (project,) = anonymous.get("/api/projects", headers=authorization).json_body["items"]
    assert (project["name"], project["members_count"]) == (PROJECT, 2)
    tasks = anonymous.get("/api/tasks", headers=authorization).json_body["items"]
    assert {task["title"] for task in tasks} == {title for title, *_ in TASKS}
    assert len({task["assigned_to"] for task in tasks}) == 2
