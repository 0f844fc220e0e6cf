"""Proofs of promises: every call of the API under every fault at every request to DynamoDB.

The calls are those whose costs docs/data-model.md states, so a new route comes here by itself:
`tests/structure/test_routes.py` demands a row for each.
"""
