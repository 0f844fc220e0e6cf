"""The command `task`: list, add and finish tasks of a Task Manager."""
