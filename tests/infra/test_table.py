"""The table of the template agrees with the PynamoDB model."""

from typing import Any

import pytest

from chalicelib.dynamodb.table import Item

Spec = dict[str, Any]
Keys = dict[str, str]


@pytest.fixture
def deployed(resources: Spec) -> Spec:
    """The properties of the table in the template."""
    return dict(resources["Table"]["Properties"])


@pytest.fixture
def modelled() -> Spec:
    """The table that PynamoDB would create from the model."""
    return dict(Item._get_schema())


def keys(schema: list[dict[str, str]]) -> Keys:
    """Return the key type (HASH or RANGE) -> attribute name."""
    return {key["KeyType"]: key["AttributeName"] for key in schema}


def projection(spec: Spec) -> tuple[str, list[str]]:
    return spec["ProjectionType"], sorted(spec.get("NonKeyAttributes", []))


def test_the_keys_agree_with_the_model(deployed: Spec, modelled: Spec) -> None:
    assert keys(deployed["KeySchema"]) == keys(modelled["key_schema"])


def test_the_indexes_agree_with_the_model(deployed: Spec, modelled: Spec) -> None:
    assert {
        index["IndexName"]: (keys(index["KeySchema"]), projection(index["Projection"]))
        for index in deployed["GlobalSecondaryIndexes"]
    } == {
        index["index_name"]: (keys(index["key_schema"]), projection(index["projection"]))
        for index in modelled["global_secondary_indexes"]
    }


def test_the_key_types_agree_with_the_model(deployed: Spec, modelled: Spec) -> None:
    def types(definitions: list[Keys]) -> Keys:
        return {attribute["AttributeName"]: attribute["AttributeType"] for attribute in definitions}

    assert types(deployed["AttributeDefinitions"]) == types(modelled["attribute_definitions"])


def test_the_ttl_attribute_is_in_the_model(deployed: Spec) -> None:
    ttl = deployed["TimeToLiveSpecification"]
    assert ttl["Enabled"]
    assert ttl["AttributeName"] in Item.get_attributes()


def test_the_table_has_backups_a_stream_and_encryption(deployed: Spec) -> None:
    assert deployed["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"]
    assert deployed["StreamSpecification"]["StreamViewType"] == "NEW_AND_OLD_IMAGES"
    assert deployed["SSESpecification"]["SSEEnabled"]
    assert deployed["BillingMode"] == "PAY_PER_REQUEST"
