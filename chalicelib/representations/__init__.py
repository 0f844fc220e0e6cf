"""Representations of tasks: objects in place of ids (`include`) and selected fields (`fields`).

Items: none.
Imports: access, accounts, dynamodb, http, labels, projects, tasks.
"""
