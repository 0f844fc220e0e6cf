"""docs/privacy.md names every entity and every attribute: with what is stored of a person, for how
long, and what becomes of it when the account is exported or deleted."""

from collections import Counter
from importlib import import_module
from pathlib import Path

import pytest

from chalicelib.dynamodb.table import Item
from tests.audit.privacy_table import ROWS, Row
from tests.structure.test_docs import find_subclasses

ROOT = Path(__file__).parents[2]
for path in (ROOT / "chalicelib").rglob("*models.py"):
    import_module(".".join(path.relative_to(ROOT).with_suffix("").parts))
ENTITIES = sorted(set(find_subclasses(Item)), key=lambda entity: entity.__name__)
FATES = ("removed", "emptied", "anonymous", "ends", "stays", "as these")


def test_every_entity_has_one_row() -> None:
    counts = Counter(row.entity for row in ROWS)
    assert set(counts) == {entity.__name__ for entity in ENTITIES}, "add a row to docs/privacy.md"
    assert set(counts.values()) == {1}


@pytest.mark.parametrize("entity", ENTITIES, ids=lambda entity: str(entity.__name__))
def test_the_row_names_every_attribute_once(entity: type[Item]) -> None:
    row = next(row for row in ROWS if row.entity == entity.__name__)
    stored = set(entity.get_attributes()) - set(Item.get_attributes())
    named = Counter([*row.personal, *row.other])
    assert set(named) == stored, "say in docs/privacy.md whether it is about a person"
    assert set(named.values()) <= {1}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: str(row.entity))
def test_the_row_says_how_long_and_what_becomes_of_it(row: Row) -> None:
    assert row.kept and row.export
    assert row.fate.startswith(FATES)
    if not row.is_personal:
        assert row.export in ("no", "as these") and row.fate in ("ends", "stays", "as these")
