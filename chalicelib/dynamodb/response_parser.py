"""Read DynamoDB's responses as plain JSON.

botocore's parser visits every attribute of every item and looks for ten types in each. Its result
differs from the JSON only for binary values and for the times in descriptions of tables. No item
has binary values, and nothing reads those descriptions (boto/boto3#2928).
"""

from typing import Any

from botocore.parsers import JSONParser, ResponseParserFactory
from botocore.session import Session


def read_plain_json(session: Session) -> None:
    """Let the clients that `session` creates return the JSON of responses as it is."""
    session.register_component("response_parser_factory", _PlainJsonParserFactory())


class _PlainJsonParserFactory(ResponseParserFactory):
    def create_parser(self, protocol_name: str) -> JSONParser:
        return _PlainJsonParser()


class _PlainJsonParser(JSONParser):
    def _handle_json_body(self, raw_body: bytes, shape: object) -> Any:
        return self._parse_body_as_json(raw_body)  # type: ignore[attr-defined]
