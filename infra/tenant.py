"""Tenant files: `infra/tenants/<name>.toml`, one MSP each, checked before anything is synthesized."""

import tomllib
from collections.abc import Mapping
from enum import IntEnum
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

TENANT_FOLDER = Path(__file__).resolve().parent / "tenants"

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,29}[a-z0-9]$")]
HttpsUrl = Annotated[str, Field(pattern=r"^https://[^\s/?#]+(/[^\s?#]*[^\s/?#])?$")]


class TenantFileError(Exception):
    """A tenant file is missing, unreadable or wrong; the message names the file, the key and what is expected."""


class RetentionDays(IntEnum):
    """The retentions that CloudWatch Logs offers, in days, up to two years."""

    ONE_DAY = 1
    THREE_DAYS = 3
    FIVE_DAYS = 5
    ONE_WEEK = 7
    TWO_WEEKS = 14
    ONE_MONTH = 30
    TWO_MONTHS = 60
    THREE_MONTHS = 90
    FOUR_MONTHS = 120
    FIVE_MONTHS = 150
    SIX_MONTHS = 180
    ONE_YEAR = 365
    THIRTEEN_MONTHS = 400
    EIGHTEEN_MONTHS = 545
    TWO_YEARS = 731


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Aws(_Section):
    """Where the tenant's stack lives. Without either value: wherever the deployer's credentials and region point."""

    account: Annotated[str, Field(pattern=r"^\d{12}$", description="a string of 12 digits")] | None = None
    region: Annotated[str, Field(pattern=r"^[a-z]{2}(-[a-z]+)+-\d$", description='such as "eu-central-1"')] | None = (
        None
    )


class Functions(_Section):
    """The one place that says what functions run on; the dependencies layer is built for exactly this."""

    # Older runtimes have a C library that google-re2's wheels do not run on (they need glibc 2.28 or newer).
    python: Literal["3.12", "3.13", "3.14"] = "3.13"
    architecture: Literal["arm64", "x86_64"] = "arm64"
    memory_mb: Annotated[int, Field(strict=True, ge=128, le=10240)] = 512
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    processor_maximum_concurrency: Annotated[int, Field(strict=True, ge=2, le=1000)] = 5
    """Batches of alert events that are processed at once (one a device at most): a storm leaves the account room. A new
    account may run 10 functions at once, so that half of them stays for webhooks; SQS polls with no fewer than 2."""
    ingest_reserved_concurrency: Annotated[int, Field(strict=True, ge=1, le=1000)] | None = None
    """Concurrency kept free for webhooks. Unset by default: a new account's quota (10) leaves nothing to reserve."""


class Throttle(_Section):
    """Requests a second and burst. The webhook rates are generous: Tactical RMM never sends twice."""

    webhook_rate: Annotated[int, Field(strict=True, ge=500, le=10000)] = 1000
    webhook_burst: Annotated[int, Field(strict=True, ge=500, le=5000)] = 2000
    admin_rate: Annotated[int, Field(strict=True, ge=1, le=10000)] = 50
    admin_burst: Annotated[int, Field(strict=True, ge=1, le=5000)] = 100


class Logs(_Section):
    """How long logs are kept."""

    retention_days: RetentionDays = RetentionDays.ONE_MONTH


class Alarms(_Section):
    """Who hears of alarms. AWS asks that address to confirm before it sends anything."""

    email: Annotated[str, Field(pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$", description="an e-mail address")] | None = None


class Archive(_Section):
    """The archive of applied alert events, which previews read."""

    batching_seconds: Annotated[int, Field(strict=True, ge=1, le=300)] = 300
    """How long event_archiver gathers before it writes: an object each time, and one read for each in a preview."""


class Events(_Section):
    """What goes on the tenant's event bus beside what becomes of alerts and tickets."""

    webhook_received: Annotated[bool, Field(strict=True)] = False
    """An event for each webhook that told of an alert, put by webhook_ingest once it is safe: one call more each."""


class Connections(_Section):
    """Which RMMs Tandem connects to."""

    allow_private_addresses: Annotated[bool, Field(strict=True)] = False
    """Integrations that say allow_private_address may be on a private network, be reached without TLS, and be elsewhere
    than at the address that NinjaOne or Level has for everybody."""
    subnet_ids: list[Annotated[str, Field(pattern=r"^subnet-[0-9a-f]{8,17}$")]] = []
    """Subnets of a VPC from which RMMs are asked. They need a way to AWS's own services and to public RMMs (NAT)."""
    security_group_ids: list[Annotated[str, Field(pattern=r"^sg-[0-9a-f]{8,17}$")]] = []
    """Security groups of the functions there; they must let HTTPS out."""

    @model_validator(mode="after")
    def _a_network_has_both(self) -> "Connections":
        if bool(self.subnet_ids) != bool(self.security_group_ids):
            raise ValueError("subnet_ids and security_group_ids belong together: give both, or neither")
        return self


class DeviceSync(_Section):
    """Syncs of the RMMs' devices."""

    maximum_concurrency: Annotated[int, Field(strict=True, ge=2, le=100)] = 4
    """Pages of a fleet that are worked on at once. SQS polls with no fewer than 2."""
    refresh_delay_seconds: Annotated[int, Field(strict=True, ge=0, le=900)] = 30
    """How long news of a device is gathered before the RMM is asked. What is heard within 30 seconds is one question,
    so less than that may miss the last of it until the next sync."""
    auto_map_organizations: Annotated[bool, Field(strict=True)] = False
    """Whether an organization is mapped by itself to the one client that is called the same, without a person."""


class Notifications(_Section):
    """What users are told of new tickets."""

    sender: Annotated[str, Field(pattern=r"^[A-Za-z0-9._%+-]+@([a-z0-9-]+\.)+[a-z]{2,}$")] | None = None
    """The address that mails come from, verified in SES (itself or its domain). Without one nobody is mailed."""


class CustomDomain(_Section):
    """A domain of the tenant's own, so that webhook addresses outlive the stack."""

    name: Annotated[str, Field(pattern=r"^([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}$")]
    certificate_arn: Annotated[str, Field(pattern=r"^arn:aws[a-z-]*:acm:[a-z0-9-]+:\d{12}:certificate/[0-9a-f-]+$")]
    """An issued ACM certificate for `name`, in the stack's own region."""


class Tenant(_Section):
    """One MSP's stack, as its tenant file describes it."""

    name: Name
    aws: Aws = Aws()
    functions: Functions = Functions()
    throttle: Throttle = Throttle()
    logs: Logs = Logs()
    alarms: Alarms = Alarms()
    archive: Archive = Archive()
    events: Events = Events()
    notifications: Notifications = Notifications()
    device_sync: DeviceSync = DeviceSync()
    connections: Connections = Connections()
    custom_domain: CustomDomain | None = None
    public_url: HttpsUrl | None = None
    """The address that webhooks are given, without a slash at the end, when a proxy stands before the API."""
    removal_policy: Literal["retain", "destroy"] = "retain"
    """What becomes of the table when the stack is deleted."""

    @model_validator(mode="after")
    def _a_certificate_belongs_to_its_region(self) -> "Tenant":
        if (
            self.custom_domain
            and self.aws.region
            and f":acm:{self.aws.region}:" not in self.custom_domain.certificate_arn
        ):
            raise ValueError(f"custom_domain.certificate_arn must be of the stack's own region, {self.aws.region}")
        return self

    @property
    def stack_name(self) -> str:
        """The CloudFormation stack's name."""
        return f"Tandem-{self.name}"


_SECTIONS: Mapping[str, type[BaseModel]] = {
    "aws": Aws,
    "functions": Functions,
    "throttle": Throttle,
    "logs": Logs,
    "alarms": Alarms,
    "archive": Archive,
    "events": Events,
    "notifications": Notifications,
    "device_sync": DeviceSync,
    "connections": Connections,
    "custom_domain": CustomDomain,
}

# What is expected, in words, where pydantic's own message would show a pattern.
_EXPECTED: Mapping[str, str] = {
    "name": "2 to 31 small letters, digits and dashes, starting with a letter",
    "aws.account": "a string of 12 digits",
    "aws.region": 'a region such as "eu-central-1"',
    "alarms.email": "an e-mail address",
    "notifications.sender": "an e-mail address alone, its domain in small letters",
    "custom_domain.name": "a domain name in small letters",
    "custom_domain.certificate_arn": "the ARN of an ACM certificate",
    "public_url": "an https:// address without a query and without a slash at the end",
    "logs.retention_days": "one of " + ", ".join(str(int(days)) for days in RetentionDays),
}


def load_tenant(name: str, folder: Path = TENANT_FOLDER) -> Tenant:
    """The tenant of `<folder>/<name>.toml`.

    Raises TenantFileError when there is no such file (naming those that are there) or it is wrong.
    """
    path = folder / f"{name}.toml"
    known = tenant_names(folder)
    if name not in known:
        raise TenantFileError(f"{_shown(path)}: there is no such tenant file; there are: {', '.join(known) or 'none'}")
    return read_tenant_file(path)


def tenant_names(folder: Path = TENANT_FOLDER) -> list[str]:
    """The names of the tenant files in `folder`, sorted."""
    return sorted(path.stem for path in folder.glob("*.toml"))


def read_tenant_file(path: Path) -> Tenant:
    """The tenant that the file at `path` describes. Raises TenantFileError, one line a fault."""
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise TenantFileError(f"{_shown(path)}: cannot be read: {error}") from error
    except tomllib.TOMLDecodeError as error:
        raise TenantFileError(f"{_shown(path)}: is no TOML: {error}") from error
    try:
        tenant = Tenant.model_validate(content)
    except ValidationError as error:
        raise TenantFileError("\n".join(_faults(path, error))) from error
    if tenant.name != path.stem:
        raise TenantFileError(
            f'{_shown(path)}: name: expected "{path.stem}", the file\'s own name, not "{tenant.name}"'
        )
    return tenant


def _faults(path: Path, error: ValidationError) -> list[str]:
    faults = []
    for fault in error.errors(include_url=False):
        key = ".".join(str(part) for part in fault["loc"])
        if fault["type"] == "extra_forbidden":
            faults.append(f"{_shown(path)}: {key}: no such key; expected {_keys_beside(fault['loc'])}")
        elif fault["type"] == "missing":
            faults.append(f"{_shown(path)}: {key}: is missing; expected {_EXPECTED.get(key, 'a value')}")
        elif key == "":
            faults.append(f"{_shown(path)}: {fault['msg'].removeprefix('Value error, ')}")
        else:
            expected = _EXPECTED.get(key) or fault["msg"].removeprefix("Input should be ")
            faults.append(f"{_shown(path)}: {key}: expected {expected}, not {fault['input']!r}")
    return faults


def _keys_beside(location: tuple[int | str, ...]) -> str:
    section: type[BaseModel] = Tenant
    for part in location[:-1]:
        section = _SECTIONS[str(part)]
    return "one of " + ", ".join(section.model_fields)


def _shown(path: Path) -> str:
    root = TENANT_FOLDER.parent.parent
    return str(path.relative_to(root)) if path.is_relative_to(root) else str(path)
