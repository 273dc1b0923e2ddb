"""`make lint`, last part: synthesizes every tenant, which runs cdk-nag, and has cfn-lint read the templates."""

import sys
import tempfile
from pathlib import Path

from cfnlint.api import ManualArgs, lint_file

import app

IGNORED = {
    "W3005": "the CDK makes each function depend on its whole role on purpose, policy and all, not on its ARN alone",
}
"""cfn-lint rule → why it is not for these templates."""


def findings(template: Path) -> list[str]:
    """What cfn-lint has against the template, a line each; empty when it is clean."""
    return [str(match) for match in lint_file(template, config=ManualArgs(ignore_checks=sorted(IGNORED)))]


def main() -> int:
    """Gives the exit code."""
    with tempfile.TemporaryDirectory() as folder:
        code = app.main(["--output", folder])
        if code != 0:
            return code
        templates = sorted(Path(folder).glob("*.template.json"))
        found = [finding for template in templates for finding in findings(template)]
    for finding in found:
        print(finding)
    print(f"cdk-nag and cfn-lint: {len(templates)} templates, {len(found)} findings")
    return 1 if found or not templates else 0


if __name__ == "__main__":
    sys.exit(main())
