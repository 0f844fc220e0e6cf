"""How reads show tasks: with objects in place of ids (`include`), with only some fields (`fields`).

Items: none.
Imports: access, accounts, dynamodb, http, labels, projects, tasks.
"""
