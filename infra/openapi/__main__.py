"""`make openapi`: write the errors of `docs/api.md` from the code, `docs/openapi.json` from both,
and `docs/collection.http` from that; `--check` compares."""

import os
import sys
from pathlib import Path

from infra.package import PLACEHOLDERS
from infra.stage import ROOT, UserError

DOCS = ROOT / "docs"


def files() -> dict[Path, str]:
    """What is made, by its place."""
    from infra.openapi import (
        collection,
        failures,
    )  # the app is imported with them, and reads its settings
    from infra.openapi.document import document, text

    made, page = document(), DOCS / "api.md"
    return {
        page: failures.with_table(page.read_text()),
        DOCS / "openapi.json": text(made),
        DOCS / "collection.http": collection.text(made),
    }


def main() -> None:
    os.environ.update(PLACEHOLDERS)
    for place, text in files().items():
        name = place.relative_to(ROOT)
        if "--check" not in sys.argv:
            place.write_text(text)
            print(f"  wrote {name}")
        elif not place.exists() or place.read_text() != text:
            raise UserError(f"{name} is not what the code says: run `make openapi`")


if __name__ == "__main__":
    main()
