"""A checker of histories: is there an order in which each operation happened at one moment?

The algorithm is the search of Wing and Gong ("Testing and verifying concurrent objects", 1993):
take any operation that began before all others ended, apply it to the model, and go on. Histories
are short, so the search is fast. What was reached with the same operations is not tried again.
"""

from collections.abc import Sequence
from dataclasses import dataclass

State = tuple[int, str]  # version and title of the task
REFUSED = "refused"
UNKNOWN = "unknown"


@dataclass(frozen=True)
class Operation:
    """An operation on a task, from `began` to `ended` (seconds of any clock).

    `title` is what it writes; None for a read. `required` is the version that it requires, or None.
    `result` is the state that it saw or left; `REFUSED` when its version was not the present one;
    `UNKNOWN` when it may or may not have happened.
    """

    began: float
    ended: float
    title: str | None
    required: int | None
    result: State | str

    def apply(self, state: State) -> list[State]:
        """Return the states that may follow; none if the result contradicts `state`."""
        if self.title is None:
            return [state] if self.result == state else []
        is_refused = self.required is not None and self.required != state[0]
        after = state if is_refused else (state[0] + 1, self.title)
        if self.result == UNKNOWN:
            return [state, after]
        if self.result == REFUSED:
            return [state] if is_refused else []
        return [after] if not is_refused and self.result == after else []


def is_linearizable(history: Sequence[Operation], start: State) -> bool:
    """Return whether the operations have an order that explains all results."""
    todo = [(frozenset(range(len(history))), start)]
    seen = set(todo)
    while todo:
        left, state = todo.pop()
        if not left:
            return True
        first_end = min(history[number].ended for number in left)
        for number in left:
            if history[number].began <= first_end:
                for after in history[number].apply(state):
                    step = (left - {number}, after)
                    if step not in seen:
                        seen.add(step)
                        todo.append(step)
    return False


def has_overlap(history: Sequence[Operation]) -> bool:
    """Return whether two operations ran at a time, one of them a write."""
    ordered = sorted(history, key=lambda operation: operation.began)
    pairs = zip(ordered, ordered[1:], strict=False)
    return any(
        later.began < earlier.ended and (earlier.title or later.title) for earlier, later in pairs
    )
