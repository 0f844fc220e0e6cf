"""The table that is deployed is the one the model believes in."""

from typing import Any

import pytest

from chalicelib.dynamodb.table import Item

Spec = dict[str, Any]
Keys = dict[str, str]


@pytest.fixture
def deployed(resources: Spec) -> Spec:
    return dict(resources["Table"]["Properties"])


@pytest.fixture
def modelled() -> Spec:
    """What PynamoDB itself would create from the model."""
    return dict(Item._get_schema())


def keys(schema: list[dict[str, str]]) -> Keys:
    """HASH and RANGE -> attribute, whatever their order."""
    return {key["KeyType"]: key["AttributeName"] for key in schema}


def projection(of: Spec) -> tuple[str, list[str]]:
    return of["ProjectionType"], sorted(of.get("NonKeyAttributes", []))


def test_the_keys_are_the_models(deployed: Spec, modelled: Spec) -> None:
    assert keys(deployed["KeySchema"]) == keys(modelled["key_schema"])


def test_the_indexes_are_the_models(deployed: Spec, modelled: Spec) -> None:
    assert {
        index["IndexName"]: (keys(index["KeySchema"]), projection(index["Projection"]))
        for index in deployed["GlobalSecondaryIndexes"]
    } == {
        index["index_name"]: (keys(index["key_schema"]), projection(index["projection"]))
        for index in modelled["global_secondary_indexes"]
    }


def test_the_key_types_are_the_models(deployed: Spec, modelled: Spec) -> None:
    def types(of: list[Keys]) -> Keys:
        return {attribute["AttributeName"]: attribute["AttributeType"] for attribute in of}

    assert types(deployed["AttributeDefinitions"]) == types(modelled["attribute_definitions"])


def test_the_ttl_attribute_is_the_models(deployed: Spec) -> None:
    ttl = deployed["TimeToLiveSpecification"]
    assert ttl["Enabled"]
    assert ttl["AttributeName"] in Item.get_attributes()


def test_the_table_can_be_restored_streams_and_is_encrypted(deployed: Spec) -> None:
    assert deployed["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"]
    assert deployed["StreamSpecification"]["StreamViewType"] == "NEW_AND_OLD_IMAGES"
    assert deployed["SSESpecification"]["SSEEnabled"]
    assert deployed["BillingMode"] == "PAY_PER_REQUEST"
