"""The two layers of every function: the product and what it depends on."""

from pathlib import Path

from aws_cdk import AssetHashType
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from infra.tenant import Tenant
from layers.dependencies import build

ROOT = Path(__file__).resolve().parent.parent

NOT_DEPLOYED = ["**/__pycache__", "**/*.pyc", "**/.mypy_cache", "**/.ruff_cache", "**/.pytest_cache"]

RUNTIMES = {
    "3.12": lambda_.Runtime.PYTHON_3_12,
    "3.13": lambda_.Runtime.PYTHON_3_13,
    "3.14": lambda_.Runtime.PYTHON_3_14,
}
ARCHITECTURES = {"arm64": lambda_.Architecture.ARM_64, "x86_64": lambda_.Architecture.X86_64}


class Layers(Construct):
    """`tandem` and `dependencies`.

    With `interpreter`, the second holds wheels for that interpreter of this machine instead of Lambda's: an emulator
    runs functions with its own. Nothing else of the template differs.
    """

    def __init__(self, scope: Construct, construct_id: str, tenant: Tenant, *, interpreter: Path | None = None) -> None:
        super().__init__(scope, construct_id)
        target: build.Target = (
            build.Interpreter(interpreter)
            if interpreter
            else build.Lambda(tenant.functions.python, tenant.functions.architecture)
        )
        runtime = RUNTIMES[tenant.functions.python]
        architecture = ARCHITECTURES[tenant.functions.architecture]
        self.tandem = lambda_.LayerVersion(
            self,
            "Tandem",
            description="Tandem itself",
            code=lambda_.Code.from_asset(str(ROOT / "layers" / "tandem"), exclude=NOT_DEPLOYED),
            compatible_runtimes=[runtime],
            compatible_architectures=[architecture],
        )
        self.dependencies = lambda_.LayerVersion(
            self,
            "Dependencies",
            description="What Tandem depends on",
            code=lambda_.Code.from_asset(
                str(build.build(target)), asset_hash_type=AssetHashType.CUSTOM, asset_hash=build.build_key(target)
            ),
            compatible_runtimes=[runtime],
            compatible_architectures=[architecture],
        )

    @property
    def all(self) -> list[lambda_.ILayerVersion]:
        """Both, as a function takes them."""
        return [self.tandem, self.dependencies]
