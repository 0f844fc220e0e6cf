"""Read and write CloudFormation templates."""

from pathlib import Path
from typing import Any

import yaml

# PyYAML's C parser is ten times as fast as its Python parser. It may be missing where PyYAML was
# built from source.
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_Dumper: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)

Template = dict[str, Any]


def read_template(path: Path) -> Template:
    """Return the content of the template file."""
    content: Template = yaml.load(path.read_text(), Loader=_Loader)
    return content


def write_template(path: Path, template: Template) -> None:
    """Write `template` as YAML without aliases."""
    path.write_text(yaml.dump(template, Dumper=_AliasFreeDumper, sort_keys=False, width=1000))


class _AliasFreeDumper(_Dumper):  # type: ignore[misc]
    """A YAML dumper for CloudFormation, which does not support aliases."""

    def ignore_aliases(self, data: object) -> bool:
        return True
