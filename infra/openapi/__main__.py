"""`make openapi`: write the files that are generated from the code.

These are the error table of `docs/api.md`, `docs/openapi.json` (from the code and `docs/api.md`),
and `docs/collection.http` (from the document). `--check` compares them and writes nothing.
"""

import os
import sys
from pathlib import Path

from infra.packaging.package import PLACEHOLDERS
from infra.stage import ROOT, UserError

DOCS = ROOT / "docs"


def build_files() -> dict[Path, str]:
    """Return the content of each generated file by its path."""
    # Imported here, because these modules import the app, which reads its settings at import.
    from infra.openapi.collection import build_collection
    from infra.openapi.document import build_document, serialize
    from infra.openapi.errors import insert_error_table

    document, guide = build_document(), DOCS / "api.md"
    return {
        guide: insert_error_table(guide.read_text()),
        DOCS / "openapi.json": serialize(document),
        DOCS / "collection.http": build_collection(document),
    }


def main() -> None:
    os.environ.update(PLACEHOLDERS)
    for path, text in build_files().items():
        name = path.relative_to(ROOT)
        if "--check" not in sys.argv:
            path.write_text(text)
            print(f"  wrote {name}")
        elif not path.exists() or path.read_text() != text:
            raise UserError(f"{name} does not match the code: run `make openapi`")


if __name__ == "__main__":
    main()
