"""Fixtures of the packaged prod stage."""

from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest

from infra.packaging.package import package
from infra.stage import load_stage
from infra.template import read_template

Template = dict[str, Any]


@pytest.fixture(scope="session")
def build() -> Path:
    """The folder of the packaged prod stage."""
    return package(load_stage("prod")).parent


@pytest.fixture(scope="session")
def template(build: Path) -> Template:
    """The packaged SAM template."""
    return read_template(build / "sam.yaml")


@pytest.fixture(scope="session")
def resources(template: Template) -> Template:
    """Logical name -> resource of the template."""
    return dict(template["Resources"])


@pytest.fixture(scope="session")
def functions(resources: Template) -> Template:
    """Logical name -> properties of each function."""
    return {
        name: resource["Properties"]
        for name, resource in resources.items()
        if resource["Type"] == "AWS::Serverless::Function"
    }


@pytest.fixture(scope="session")
def zip_names(build: Path) -> list[str]:
    """The names of the files in the zip of the functions."""
    with ZipFile(build / "deployment.zip") as archive:
        return archive.namelist()
