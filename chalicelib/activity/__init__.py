"""The activity log of tasks and projects, and the changes feed for clients that keep a copy.

Activity is written from the table's stream.

Items: Activity.
Imports: access, dynamodb, http, members, projects, task_lists, tasks.
"""
