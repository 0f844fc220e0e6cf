"""The manual order of tasks: ranks, and moving a task to another position.

Items: none.
Imports: access, dynamodb, http, task_lists, tasks.
"""
