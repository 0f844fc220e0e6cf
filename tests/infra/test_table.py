"""The table of the template agrees with the PynamoDB model."""

from typing import Any

import pytest

from chalicelib.dynamodb.table import Item

Spec = dict[str, Any]
Keys = dict[str, str]


@pytest.fixture
def template_table(resources: Spec) -> Spec:
    """The properties of the table in the template."""
    return dict(resources["Table"]["Properties"])


@pytest.fixture
def model_table() -> Spec:
    """The table that PynamoDB would create from the model."""
    return dict(Item._get_schema())


def keys(schema: list[dict[str, str]]) -> Keys:
    """Return the key type (HASH or RANGE) -> attribute name."""
    return {key["KeyType"]: key["AttributeName"] for key in schema}


def projection(spec: Spec) -> tuple[str, list[str]]:
    return spec["ProjectionType"], sorted(spec.get("NonKeyAttributes", []))


def test_the_keys_agree_with_the_model(template_table: Spec, model_table: Spec) -> None:
    assert keys(template_table["KeySchema"]) == keys(model_table["key_schema"])


def test_the_indexes_agree_with_the_model(template_table: Spec, model_table: Spec) -> None:
    assert {
        index["IndexName"]: (keys(index["KeySchema"]), projection(index["Projection"]))
        for index in template_table["GlobalSecondaryIndexes"]
    } == {
        index["index_name"]: (keys(index["key_schema"]), projection(index["projection"]))
        for index in model_table["global_secondary_indexes"]
    }


def test_the_key_types_agree_with_the_model(template_table: Spec, model_table: Spec) -> None:
    def types(definitions: list[Keys]) -> Keys:
        return {attribute["AttributeName"]: attribute["AttributeType"] for attribute in definitions}

    assert types(template_table["AttributeDefinitions"]) == types(
        model_table["attribute_definitions"]
    )


def test_the_ttl_attribute_is_in_the_model(template_table: Spec) -> None:
    ttl = template_table["TimeToLiveSpecification"]
    assert ttl["Enabled"]
    assert ttl["AttributeName"] in Item.get_attributes()


def test_the_table_has_backups_a_stream_and_encryption(template_table: Spec) -> None:
    assert template_table["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"]
    assert template_table["StreamSpecification"]["StreamViewType"] == "NEW_AND_OLD_IMAGES"
    assert template_table["SSESpecification"]["SSEEnabled"]
    assert template_table["BillingMode"] == "PAY_PER_REQUEST"
