"""The arrows of the architecture: who may import whom."""

import ast
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PRODUCT = ROOT / "layers/tandem/python/tandem"
OUTSIDE_OF_THE_CORE = ("boto3", "botocore", "httpx", "pydantic", "aws_lambda_powertools", "os", "time", "random")
WORKERS = (
    "tandem.processing",
    "tandem.admin",
    "tandem.ingest",
    "tandem.sweeping",
    "tandem.outbound",
    "tandem.polling",
    "tandem.readback",
    "tandem.scheduling",
    "tandem.syncing",
)


def imports(path: Path) -> Iterator[str]:
    """The modules that a file imports, TYPE_CHECKING ones left out: they are no dependency."""
    tree = ast.parse(path.read_text())
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            node.body = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


def offenders(folder: Path, forbidden: tuple[str, ...]) -> list[str]:
    return [
        f"{path.relative_to(ROOT)} imports {module}"
        for path in sorted(folder.rglob("*.py"))
        for module in imports(path)
        if any(module == name or module.startswith(f"{name}.") for name in forbidden)
    ]


@pytest.mark.parametrize("core", ["alerts", "assets"])
def test_the_pure_core_imports_no_io_no_clock_and_none_of_its_users(core: str) -> None:
    users = ("tandem.store", "tandem.desk", "tandem.providers", "tandem.connections", *WORKERS)
    assert offenders(PRODUCT / core, (*OUTSIDE_OF_THE_CORE, *users)) == []


@pytest.mark.parametrize("package", ["store", "desk", "providers", "connections"])
def test_what_stands_beside_the_core_imports_no_worker(package: str) -> None:
    assert offenders(PRODUCT / package, (*WORKERS, "functions")) == []


def test_providers_know_neither_store_nor_desk() -> None:
    assert offenders(PRODUCT / "providers", ("tandem.store", "tandem.desk")) == []


def test_the_request_core_knows_no_vendor_no_store_and_no_desk() -> None:
    # Beside the core that the vendors' clients are built on stands what builds them.
    builders = ("opening.py", "vendors.py", "renewal.py", "shared_pace.py", "bootstrap.py")
    found = offenders(PRODUCT / "connections", ("tandem.store", "tandem.desk", "tandem.providers"))
    assert [each for each in found if not each.split(" imports ")[0].endswith(builders)] == []


def test_webhook_ingest_opens_no_vendor_client() -> None:
    program = """
import sys
import tandem.ingest.bootstrap, tandem.ingest.service, tandem.providers.registry
found = [name for name in sys.modules if name.split(".")[0] in ("httpx", "httpcore") or "tandem.connections" in name]
assert not found, found
"""
    environment = {**os.environ, "PYTHONPATH": str(PRODUCT.parent)}
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_the_product_imports_no_function_and_infra_imports_no_product() -> None:
    assert offenders(PRODUCT, ("functions", "infra", "local")) == []
    assert offenders(ROOT / "infra", ("tandem", "functions")) == []


def test_previews_know_only_the_core_and_the_archive_no_worker() -> None:
    others = [f"tandem.{path.name}" for path in PRODUCT.iterdir() if path.is_dir()]
    beside = tuple(name for name in others if name not in ("tandem.alerts", "tandem.previews"))
    assert offenders(PRODUCT / "previews", (*OUTSIDE_OF_THE_CORE, *beside)) == []
    workers = ("tandem.admin", "tandem.processing", "tandem.ingest", "tandem.previews")
    assert offenders(PRODUCT / "archive", workers) == []
