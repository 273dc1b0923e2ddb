"""The layers as functions see them: alone on the path."""

import re
import subprocess
from pathlib import Path

import pytest

from layers.dependencies.build import Interpreter, Lambda, Target, build
from local import emulator
from local.emulator import ROOT

HANDLERS = sorted((ROOT / "functions").glob("*/handler.py"))


@pytest.fixture(scope="module")
def local_layer() -> Path:
    """The dependencies layer for the emulator's interpreter."""
    return build(Interpreter(emulator.PYTHON))


def test_there_are_handlers_to_import() -> None:
    assert {path.parent.name for path in HANDLERS} >= {"webhook_ingest", "alert_processor", "admin_api"}


@pytest.mark.parametrize("handler", HANDLERS, ids=lambda path: path.parent.name)
def test_a_handler_imports_with_nothing_but_the_layers_and_what_lambda_brings(handler: Path, local_layer: Path) -> None:
    # -I: no user site, no PYTHONPATH, not the current folder. The emulator's environment brings boto3, as Lambda does;
    # what else it holds (the emulator's own dependencies) comes last and must not be what makes a handler importable.
    path = [str(handler.parent), str(ROOT / "layers" / "tandem" / "python"), str(local_layer / "python")]
    brought = {"boto3", "botocore", "dateutil", "jmespath", "s3transfer", "six", "urllib3"}
    # httpcore takes them where they are, as beside the emulator; Tandem asks for HTTP/1.1 only.
    brought |= {"h2", "hpack", "hyperframe"}
    program = f"""
import sys
sys.path[:0] = {path!r}
before = set(sys.modules)
import handler
assert callable(handler.handler)
foreign = set()
for name, module in list(sys.modules.items()):
    where = getattr(module, "__file__", None) or ""
    if name not in before and "site-packages" in where and not where.startswith(tuple({path!r})):
        foreign.add(name.partition(".")[0])
assert foreign <= {brought!r}, foreign
"""
    done = subprocess.run(
        [str(emulator.PYTHON), "-I", "-c", program],
        env={
            "AWS_DEFAULT_REGION": emulator.REGION,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "TABLE_NAME": "t",
            "ALERT_QUEUE_URL": "http://127.0.0.1:9/q.fifo",
            "BUCKET_NAME": "b",
            "SECRET_PREFIX": "tandem/t/integrations",
            "FIRST_ADMIN_KEY_SECRET_ARN": "arn:aws:secretsmanager:us-east-1:000000000000:secret:k",
            "PUBLIC_URL": "",
            "TENANT": "t",
            "LOG_LEVEL": "INFO",
        },
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("architecture", ["arm64", "x86_64"])
@pytest.mark.parametrize("python", ["3.12", "3.13", "3.14"])
def test_the_layer_can_be_built_for_every_runtime_a_tenant_may_choose(python: str, architecture: str) -> None:
    target: Target = Lambda(python, architecture)
    packages = build(target) / "python"

    compiled = sorted(path.name for path in packages.rglob("*.so"))
    assert {"pydantic", "re2", "tzdata"} <= {path.name for path in packages.iterdir()}
    assert compiled, "pydantic-core and google-re2 are compiled"
    machine = {"arm64": "aarch64", "x86_64": "x86_64"}[architecture]
    for name in compiled:
        assert machine in name
        assert f"cpython-{python.replace('.', '')}-" in name


def test_a_layer_is_built_once(local_layer: Path) -> None:
    before = local_layer.stat().st_mtime_ns

    assert build(Interpreter(emulator.PYTHON)) == local_layer
    assert local_layer.stat().st_mtime_ns == before


def test_nothing_is_required_that_no_function_imports() -> None:
    # Each package makes every cold start load and unpack more.
    modules = {"google-re2": "re2"}
    needed_unimported = {"tzdata"}  # zoneinfo reads its files
    required = set(re.findall(r"^[a-z0-9-]+", (ROOT / "layers/dependencies/requirements.in").read_text(), re.MULTILINE))
    code = "\n".join(path.read_text() for path in (ROOT / "layers" / "tandem").rglob("*.py"))

    for package in required - needed_unimported:
        assert re.search(rf"^\s*(import|from) {modules.get(package, package)}\b", code, re.MULTILINE), package


def test_the_layers_are_far_below_what_lambda_unpacks() -> None:
    # Lambda's limit is 250 MB for a function with its layers; a layer that doubles makes every cold start slower.
    folders = [build(Lambda("3.13", "arm64")), ROOT / "layers" / "tandem"]
    sizes = [sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) for folder in folders]

    assert all(sizes), "each has something in it"
    assert sum(sizes) < 25 * 1024**2
