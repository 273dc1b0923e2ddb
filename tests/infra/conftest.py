"""One synthesis of the local tenant's template for all tests of this folder that read it."""

import json
from pathlib import Path

import pytest

import app
from tests.infra.template import Template


@pytest.fixture(scope="session")
def assembly(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The cloud assembly of every committed tenant, for AWS."""
    folder = tmp_path_factory.mktemp("assembly")
    tenants = ["--tenant", "local", "--tenant", "acme"]
    assert app.main([*tenants, "--output", str(folder)]) == 0, "cdk-nag or the CDK refused the app: see what it printed"
    return folder


@pytest.fixture(scope="session")
def template(assembly: Path) -> Template:
    """The local tenant's template: every setting at its default."""
    return Template(json.loads((assembly / "Tandem-local.template.json").read_text()))


@pytest.fixture(scope="session")
def acme_template(assembly: Path) -> Template:
    """The example tenant's template."""
    return Template(json.loads((assembly / "Tandem-acme.template.json").read_text()))
