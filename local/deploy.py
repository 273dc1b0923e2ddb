"""`make deploy TENANT=acme`: deploys a tenant's stack to its AWS account with the pinned CDK command line."""

import subprocess
import sys

from infra.tenant import TenantFileError, load_tenant
from local.emulator import ROOT

_CDK = ROOT / "node_modules" / ".bin" / "cdk"


def main(arguments: list[str]) -> int:
    """Takes the tenant's name, then options for `cdk deploy`; gives the exit code."""
    if not arguments or not arguments[0]:
        print("Which tenant? make deploy TENANT=<name of infra/tenants/<name>.toml>", file=sys.stderr)
        return 2
    name, *options = arguments
    try:
        tenant = load_tenant(name)
    except TenantFileError as error:
        print(error, file=sys.stderr)
        return 2
    command = [str(_CDK), "deploy", tenant.stack_name, "--context", f"tenant={name}", *options]
    code = subprocess.run(command, cwd=ROOT, check=False).returncode
    if code == 0:
        print("The first admin's API key: aws secretsmanager get-secret-value --secret-id <FirstAdminKeySecret>")
    else:
        print(
            "Not deployed. (An account's first CDK stack needs `npx cdk bootstrap` before it.)",
            file=sys.stderr,
        )
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
