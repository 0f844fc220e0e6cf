"""Markdown texts as safe HTML.

Descriptions and comments are stored as typed and rendered for the request that asks for HTML.

Items: none.
Imports: access, dynamodb, http.
"""
