"""Cut botocore's descriptions of the AWS services down to what the functions use.

botocore describes 400 services in 100 MB. Documentation, which is most of the text, is for
docstrings; a client decodes all of it when it is created.
"""

import gzip
import json
import shutil
from pathlib import Path
from typing import Any


def prune_data(folder: Path, services: set[str]) -> None:
    """Keep only `services` in botocore's folder `data`, and remove the documentation of these."""
    for service in [path for path in folder.iterdir() if path.is_dir()]:
        *earlier, latest = sorted(service.iterdir())
        for version in earlier if service.name in services else [*earlier, latest]:
            shutil.rmtree(version)
    for examples in folder.glob("*/*/examples-1.json*"):
        examples.unlink()
    for path in folder.glob("*/*/*.json.gz"):
        content = _empty_documentation(json.loads(gzip.decompress(path.read_bytes())))
        # botocore also reads files that are not compressed; the zip compresses them.
        _write(path.with_suffix(""), content)
        path.unlink()

    endpoints = json.loads((folder / "endpoints.json").read_bytes())
    for partition in endpoints["partitions"]:
        described = partition["services"]
        # SES has another name here.
        known = services | {"email"}
        partition["services"] = {name: described[name] for name in described if name in known}
    _write(folder / "endpoints.json", endpoints)


def _empty_documentation(value: Any) -> Any:
    """Return a copy with empty texts; botocore requires some of them."""
    if isinstance(value, list):
        return [_empty_documentation(each) for each in value]
    if not isinstance(value, dict):
        return value
    # A member with this name is described by an object, not by a text.
    return {
        name: ""
        if name == "documentation" and isinstance(each, str)
        else _empty_documentation(each)
        for name, each in value.items()
    }


def _write(path: Path, content: Any) -> None:
    path.write_text(json.dumps(content, separators=(",", ":")))
