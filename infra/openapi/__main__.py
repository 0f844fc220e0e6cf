"""`make openapi`: write `docs/openapi.json` from code and `docs/api.md`; `--check` compares."""

import os
import sys

from infra.package import PLACEHOLDERS
from infra.stage import ROOT, UserError

TARGET = ROOT / "docs" / "openapi.json"


def main() -> None:
    os.environ.update(PLACEHOLDERS)
    from infra.openapi.document import text  # the app is imported with it, and reads its settings

    if "--check" in sys.argv:
        if TARGET.read_text() != text():
            raise UserError("docs/openapi.json is not what the code says: run `make openapi`")
        return
    TARGET.write_text(text())
    print(f"  wrote {TARGET.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
