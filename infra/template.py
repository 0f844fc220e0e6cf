"""CloudFormation templates as files."""

from pathlib import Path
from typing import Any

import yaml

# The parser in C reads our 250 kB in a tenth of the time; a PyYAML built from source may lack it.
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_Dumper: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)

Template = dict[str, Any]


def read(path: Path) -> Template:
    content: Template = yaml.load(path.read_text(), Loader=_Loader)
    return content


def write(path: Path, template: Template) -> None:
    path.write_text(yaml.dump(template, Dumper=_Plain, sort_keys=False, width=1000))


class _Plain(_Dumper):  # type: ignore[misc]
    """CloudFormation reads no YAML aliases."""

    def ignore_aliases(self, data: object) -> bool:
        return True
