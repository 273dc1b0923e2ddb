"""One synthesis of the committed tenants' templates for all tests of this folder that read them."""

import fcntl
import json
from pathlib import Path

import pytest

import app
from tests.infra.template import Template


@pytest.fixture(scope="session")
def assembly(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """The cloud assembly of every committed tenant, for AWS. The first worker that asks for it makes it for all."""
    own = tmp_path_factory.getbasetemp()
    shared = own if worker_id == "master" else own.parent
    folder = shared / "assembly"
    tenants = ["--tenant", "local", "--tenant", "acme"]
    with (shared / "assembly.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            made = tmp_path_factory.mktemp("made") / "assembly"
            done = app.main([*tenants, "--output", str(made)])
            assert done == 0, "cdk-nag or the CDK refused the app: see what it printed"
            made.rename(folder)
    return folder


@pytest.fixture(scope="session")
def template(assembly: Path) -> Template:
    """The local tenant's template: every setting at its default."""
    return Template(json.loads((assembly / "Tandem-local.template.json").read_text()))


@pytest.fixture(scope="session")
def acme_template(assembly: Path) -> Template:
    """The example tenant's template."""
    return Template(json.loads((assembly / "Tandem-acme.template.json").read_text()))
