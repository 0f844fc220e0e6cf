"""Saved views: named filters and orders of task lists, of one user or shared in a project.

Items: View, ViewCount.
Imports: access, dynamodb, http, task_lists.
"""
