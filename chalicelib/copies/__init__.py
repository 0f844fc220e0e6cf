"""Copies and moves: duplicate a task or a project, and move a task to another project.

Templates are projects whose copies begin anew, with dates relative to a start.

Items: MovedTask, TaskLocation.
Imports: access, accounts, attachments, audit, dynamodb, http, jobs, labels, mail, members,
projects, ranks, recurrence, relations, reminders, sessions, task_lists, tasks.
"""
