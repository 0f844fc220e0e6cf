"""A check that all stored counts agree with what they count."""

from chalicelib.clock import now
from chalicelib.dynamodb.table import get_item
from chalicelib.jobs.maintenance_models import COUNTER_REPAIR, MaintenanceRun
from chalicelib.projects.jobs import continue_counter_repair, start_counter_repair


def count_drift() -> int:
    """Run a whole counter repair; return how many counts of projects and tasks were wrong."""
    drift = start_counter_repair(now()).get("drift", 0)
    while True:
        run = get_item(MaintenanceRun.key(COUNTER_REPAIR))
        if run is None or run.finished_at is not None:
            return drift
        drift += continue_counter_repair(now()).get("drift", 0)
