"""Dead letters: the events that functions gave up on, as site staff see them.

Items: none.
Imports: access, aws, dynamodb, http.
"""
