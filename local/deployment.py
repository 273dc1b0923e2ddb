"""Deploys a cloud assembly to the emulator through its CloudFormation, as the CDK command line does to AWS."""

import io
import json
import time
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError, WaiterError

from local.emulator import ACCOUNT, REGION, Emulator
from local.errors import DeploymentError

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_s3 import S3Client

_SECONDS = 180.0
_CUSTOM_API_ID_TAG = "ms-custom-id"


def client(emulator: Emulator, service: str) -> Any:
    """A boto3 client of `service` on the emulator, whatever credentials and settings this machine has."""
    return boto3.client(
        cast("Any", service),
        endpoint_url=emulator.endpoint_url,
        region_name=REGION,
        aws_access_key_id="test",
        aws_secret_access_key="test",  # noqa: S106 - any will do
        config=Config(retries={"max_attempts": 2, "mode": "standard"}, s3={"addressing_style": "path"}),
    )


def api_id(tenant: str) -> str:
    """The HTTP API's id on the emulator: fixed, so that webhook addresses outlive a reset."""
    return f"tandem-{tenant}"


def api_url(emulator: Emulator, tenant: str) -> str:
    """Where the API answers, without a slash at the end. The path form: *.localhost does not resolve everywhere."""
    return f"{emulator.endpoint_url}/_aws/execute-api/{api_id(tenant)}"


def deploy(
    emulator: Emulator, assembly: Path, stack_name: str, tenant: str, *, progress: Callable[[str], None]
) -> None:
    """Uploads the assets of `assembly` that are not there yet and creates or updates the stack; waits until it is done.

    `progress` is told what is being done. Raises DeploymentError.
    """
    manifest = json.loads((assembly / f"{stack_name}.assets.json").read_text())
    template_url = ""
    for digest, asset in manifest["files"].items():
        bucket, key = _publish(emulator, assembly, asset)
        if asset["source"]["path"] == f"{stack_name}.template.json":
            template_url = f"{emulator.endpoint_url}/{bucket}/{key}"
        progress(f"asset {digest[:12]}")
    _verify_senders(emulator, json.loads((assembly / f"{stack_name}.template.json").read_text()))
    cloudformation: CloudFormationClient = client(emulator, "cloudformation")
    request: dict[str, Any] = {
        "StackName": stack_name,
        "TemplateURL": template_url,
        "Capabilities": ["CAPABILITY_NAMED_IAM"],
        "Parameters": [{"ParameterKey": "PublicUrl", "ParameterValue": api_url(emulator, tenant)}],
        # CloudFormation gives a stack's tags to its resources; the emulator takes an API's id from this one.
        "Tags": [{"Key": _CUSTOM_API_ID_TAG, "Value": api_id(tenant)}],
    }
    status = _status(cloudformation, stack_name)
    try:
        if status in (None, "DELETE_COMPLETE"):
            cloudformation.create_stack(**request)
        elif status in ("ROLLBACK_COMPLETE", "CREATE_FAILED", "ROLLBACK_FAILED"):
            # As on AWS, such a stack can only be removed.
            cloudformation.delete_stack(StackName=stack_name)
            cloudformation.get_waiter("stack_delete_complete").wait(StackName=stack_name, WaiterConfig={"Delay": 1})
            cloudformation.create_stack(**request)
        else:
            cloudformation.update_stack(**request)
    except WaiterError as error:
        raise DeploymentError(f"the stack's remains cannot be removed ({error}): try `make reset`") from error
    except ClientError as error:
        if "No updates are to be performed" in str(error):
            return
        raise DeploymentError(str(error)) from error
    _wait(cloudformation, stack_name, progress)


def outputs(emulator: Emulator, stack_name: str) -> Mapping[str, str]:
    """The stack's outputs by name. Raises DeploymentError when there is no such stack."""
    cloudformation: CloudFormationClient = client(emulator, "cloudformation")
    try:
        stack = cloudformation.describe_stacks(StackName=stack_name)["Stacks"][0]
    except (ClientError, IndexError) as error:
        raise DeploymentError(f"there is no stack {stack_name}: {error}") from error
    return {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}


def secret_value(emulator: Emulator, secret_id: str) -> str:
    """The text of a secret on the emulator."""
    value: str = client(emulator, "secretsmanager").get_secret_value(SecretId=secret_id)["SecretString"]
    return value


def _verify_senders(emulator: Emulator, template: Mapping[str, Any]) -> None:
    """Makes SES take mails from the functions' senders, as whoever deploys to AWS does by proving to own them."""
    for resource in template["Resources"].values():
        sender = resource.get("Properties", {}).get("Environment", {}).get("Variables", {}).get("MAIL_SENDER")
        if resource["Type"] == "AWS::Lambda::Function" and sender:
            client(emulator, "ses").verify_email_identity(EmailAddress=sender)


def _publish(emulator: Emulator, assembly: Path, asset: Mapping[str, Any]) -> tuple[str, str]:
    (destination,) = asset["destinations"].values()
    bucket = _without_pseudo_parameters(destination["bucketName"])
    key = _without_pseudo_parameters(destination["objectKey"])
    s3: S3Client = client(emulator, "s3")
    try:
        s3.head_object(Bucket=bucket, Key=key)
    except ClientError:
        if not any(known["Name"] == bucket for known in s3.list_buckets()["Buckets"]):
            s3.create_bucket(Bucket=bucket)
        source = assembly / asset["source"]["path"]
        body = _zipped(source) if asset["source"]["packaging"] == "zip" else source.read_bytes()
        s3.put_object(Bucket=bucket, Key=key, Body=body)
    return bucket, key


def _without_pseudo_parameters(text: str) -> str:
    for name, value in (("AccountId", ACCOUNT), ("Region", REGION), ("Partition", "aws")):
        text = text.replace("${AWS::" + name + "}", value)
    return text


def _zipped(folder: Path) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                archive.write(path, path.relative_to(folder))
    return packed.getvalue()


def _status(cloudformation: "CloudFormationClient", stack_name: str) -> str | None:
    try:
        return cloudformation.describe_stacks(StackName=stack_name)["Stacks"][0]["StackStatus"]
    except (ClientError, IndexError):
        return None


def _wait(cloudformation: "CloudFormationClient", stack_name: str, progress: Callable[[str], None]) -> None:
    deadline = time.monotonic() + _SECONDS
    seen = 0
    while time.monotonic() < deadline:
        status = _status(cloudformation, stack_name) or "DELETE_COMPLETE"
        finished = cloudformation.list_stack_resources(StackName=stack_name)["StackResourceSummaries"]
        if len(finished) != seen:
            seen = len(finished)
            progress(f"{seen} resources")
        if status in ("CREATE_COMPLETE", "UPDATE_COMPLETE"):
            return
        if not status.endswith("_IN_PROGRESS"):
            raise DeploymentError(f"{stack_name} ended as {status}:\n{_failures(cloudformation, stack_name)}")
        time.sleep(0.2)
    raise DeploymentError(f"{stack_name} is not done after {_SECONDS:.0f} s")


def _failures(cloudformation: "CloudFormationClient", stack_name: str) -> str:
    events = cloudformation.describe_stack_events(StackName=stack_name)["StackEvents"]
    failed = [event for event in events if event.get("ResourceStatus", "").endswith("_FAILED")]
    lines = [f"  {event['LogicalResourceId']}: {event.get('ResourceStatusReason', '?')}" for event in failed]
    return "\n".join(lines) or "  the emulator gives no reason"
