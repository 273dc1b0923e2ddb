"""The CDK app: one TenantStack for each file in infra/tenants/, or for one of them.

Run it as `make synth TENANT=acme`, or let the CDK command line run it (cdk.json). It takes its choices as CDK context,
too: `tenant` (a name) and `interpreter` (the path of an interpreter of this machine, for an emulator).
"""

import argparse
import os
import sys
from pathlib import Path

# The kernel of the CDK's Python library complains at length about Node 20, which does all that is needed here.
os.environ.setdefault("JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION", "20")

import aws_cdk as cdk
import cdk_nag

from infra.tenant import TenantFileError, load_tenant, tenant_names
from infra.tenant_stack import TenantStack
from layers.dependencies.build import LayerBuildError


def synthesize(names: list[str], output: str | None, interpreter: Path | None) -> None:
    """Writes the cloud assembly with the stacks of the tenants `names` (none: of every tenant file).

    Raises TenantFileError and LayerBuildError.
    """
    app = cdk.App(outdir=output, analytics_reporting=False)
    chosen = names or [name for name in [app.node.try_get_context("tenant")] if name] or tenant_names()
    interpreter = interpreter or _path(app.node.try_get_context("interpreter"))
    for tenant in [load_tenant(name) for name in chosen]:
        TenantStack(app, tenant, interpreter=interpreter)
    cdk.Validations.of(app).add_plugins(cdk_nag.AwsSolutionsChecks(app))
    app.synth()


def main(arguments: list[str]) -> int:
    """Gives the exit code: 2 for a fault of the caller's, told on standard error."""
    parser = argparse.ArgumentParser(description="Synthesizes Tandem's CloudFormation templates.")
    parser.add_argument("--tenant", action="append", default=[], help="a tenant file's name (default: every one)")
    parser.add_argument("--output", help="the folder to write to (default: cdk.out, or what the cdk command asks for)")
    parser.add_argument("--interpreter", type=Path, help="build the dependencies layer for this Python of this machine")
    options = parser.parse_args(arguments)
    output = options.output or os.environ.get("CDK_OUTDIR", "cdk.out")
    try:
        synthesize(options.tenant, output, options.interpreter)
    except (TenantFileError, LayerBuildError) as error:
        print(error, file=sys.stderr)
        return 2
    except RuntimeError as error:
        # The message holds each finding of cdk-nag; a stack trace would say no more.
        if "ValidationFailed" not in str(error):
            raise
        print(error, file=sys.stderr)
        return 1
    return 0


def _path(value: str | None) -> Path | None:
    return Path(value) if value else None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
