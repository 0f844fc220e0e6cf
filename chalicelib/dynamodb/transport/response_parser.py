"""Read DynamoDB's responses as plain JSON.

botocore's parser checks every attribute of every item for ten types. Its result differs from the
JSON only in binary values and in the times in table descriptions. No item has binary values, and
the app reads no table descriptions (boto/boto3#2928).
"""

from typing import Any

from botocore.parsers import JSONParser, ResponseParserFactory
from botocore.session import Session


def read_plain_json(session: Session) -> None:
    """Let the clients that `session` creates return the JSON of responses as it is."""
    session.register_component("response_parser_factory", _PlainJsonParserFactory())


class _PlainJsonParserFactory(ResponseParserFactory):
    def create_parser(self, protocol_name: str) -> JSONParser:
        return PlainJsonParser()


class PlainJsonParser(JSONParser):
    """Returns the JSON of a response unchanged."""

    def _handle_json_body(self, raw_body: bytes, shape: object) -> Any:
        return self._parse_body_as_json(raw_body)  # type: ignore[attr-defined]
