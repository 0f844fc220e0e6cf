"""The Grafana dashboard of a deployed stack names its resources."""

import json
import os
import subprocess
import sys

from infra.stage import ROOT, build_local_environment
from tests.live.support import Deployment


def test_the_queries_name_the_deployed_resources(deployment: Deployment) -> None:
    environment = os.environ | build_local_environment(deployment.outputs["aws_endpoint"])
    done = subprocess.run(
        [sys.executable, "-m", "infra.monitoring.grafana"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    dashboard = json.loads((ROOT / "build" / "local" / "grafana.json").read_text())
    queries = [query for panel in dashboard["panels"] for query in panel["targets"]]
    named = {(key, value) for query in queries for key, value in query["dimensions"].items()}
    assert ("TableName", deployment.outputs["table"]) in named
    functions = {value for key, value in named if key == "FunctionName"}
    assert functions == set(deployment.outputs["functions"].values())
    assert {query["region"] for query in queries} == {deployment.outputs["region"]}
