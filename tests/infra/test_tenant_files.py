import os
import subprocess
import sys
from pathlib import Path

import pytest

from infra.tenant import RetentionDays, TenantFileError, load_tenant, read_tenant_file, tenant_names
from local.emulator import ROOT


def _refusal(folder: Path, text: str, name: str = "acme") -> str:
    path = folder / f"{name}.toml"
    path.write_text(text)
    with pytest.raises(TenantFileError) as refused:
        read_tenant_file(path)
    message = str(refused.value)
    assert all(line.startswith(str(path)) for line in message.splitlines()), "each line names the file"
    return message


def test_every_committed_tenant_file_is_valid() -> None:
    assert {"acme", "local"} <= set(tenant_names())
    for name in tenant_names():
        assert load_tenant(name).stack_name == f"Tandem-{name}"


def test_a_name_is_all_that_a_tenant_file_needs(tmp_path: Path) -> None:
    (tmp_path / "small.toml").write_text('name = "small"')

    tenant = load_tenant("small", tmp_path)

    assert tenant.functions.python == "3.13"
    assert tenant.functions.architecture == "arm64"
    assert tenant.removal_policy == "retain"
    assert tenant.throttle.webhook_rate >= 500


@pytest.mark.parametrize(
    ("text", "key", "expected"),
    [
        ('name = "acme"\nbogus = 1', "bogus", "no such key; expected one of name, aws,"),
        ('name = "acme"\n[logs]\ndays = 1', "logs.days", "no such key; expected one of retention_days"),
        ("[logs]\nretention_days = 30", "name", "is missing; expected 2 to 31 small letters"),
        ('name = "Acme"', "name", "expected 2 to 31 small letters, digits and dashes"),
        ('name = "acme"\n[logs]\nretention_days = 31', "logs.retention_days", "expected one of 1, 3, 5, 7"),
        (
            'name = "acme"\n[functions]\npython = "3.9"',
            "functions.python",
            "expected '3.12', '3.13' or '3.14'",
        ),
        ('name = "acme"\n[functions]\narchitecture = "arm"', "functions.architecture", "expected 'arm64' or 'x86_64'"),
        ('name = "acme"\n[functions]\nmemory_mb = "512"', "functions.memory_mb", "expected a valid integer, not '512'"),
        (
            'name = "acme"\n[throttle]\nwebhook_rate = 10',
            "throttle.webhook_rate",
            "or equal to 500, not 10",
        ),
        ('name = "acme"\n[aws]\naccount = "12"', "aws.account", "expected a string of 12 digits, not '12'"),
        ('name = "acme"\n[aws]\naccount = 123456789012', "aws.account", "expected a string of 12 digits"),
        ('name = "acme"\n[aws]\nregion = "Frankfurt"', "aws.region", 'a region such as "eu-central-1"'),
        ('name = "acme"\n[alarms]\nemail = "nobody"', "alarms.email", "expected an e-mail address"),
        ('name = "acme"\npublic_url = "http://a.example/"', "public_url", "expected an https:// address"),
        ('name = "acme"\nremoval_policy = "keep"', "removal_policy", "expected 'retain' or 'destroy', not 'keep'"),
        ('name = "acme"\naws = 3', "aws", "expected"),
        (
            'name = "acme"\n[custom_domain]\nname = "a.example"',
            "custom_domain.certificate_arn",
            "is missing; expected",
        ),
    ],
)
def test_a_wrong_tenant_file_is_refused_with_file_key_and_what_is_expected(
    tmp_path: Path, text: str, key: str, expected: str
) -> None:
    message = _refusal(tmp_path, text)

    assert f"acme.toml: {key}: " in message
    assert expected in message


def test_all_faults_of_a_tenant_file_are_told_at_once(tmp_path: Path) -> None:
    message = _refusal(tmp_path, 'name = "acme"\nbogus = 1\n[logs]\nretention_days = 2')

    assert len(message.splitlines()) == 2


def test_a_tenant_has_the_name_of_its_file(tmp_path: Path) -> None:
    assert 'expected "acme", the file\'s own name, not "other"' in _refusal(tmp_path, 'name = "other"')


def test_a_certificate_must_be_of_the_stacks_own_region(tmp_path: Path) -> None:
    message = _refusal(
        tmp_path,
        'name = "acme"\n[aws]\nregion = "eu-central-1"\n[custom_domain]\nname = "t.acme.example"\n'
        'certificate_arn = "arn:aws:acm:us-east-1:123456789012:certificate/0a"',
    )

    assert "eu-central-1" in message


def test_what_is_no_toml_is_refused_by_place(tmp_path: Path) -> None:
    assert "is no TOML" in _refusal(tmp_path, 'name = "acme')
    (tmp_path / "bytes.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(TenantFileError, match="cannot be read"):
        read_tenant_file(tmp_path / "bytes.toml")


def test_an_unknown_tenant_is_told_those_that_are_there() -> None:
    with pytest.raises(TenantFileError, match=r"no such tenant file; there are: .*acme, .*local"):
        load_tenant("nobody")
    with pytest.raises(TenantFileError, match="no such tenant file"):
        load_tenant("../tenants/acme")


def test_the_retentions_are_those_of_the_cdk_by_name() -> None:
    from aws_cdk.aws_logs import RetentionDays as CdkRetentionDays

    assert {days.name for days in RetentionDays} <= {days.name for days in CdkRetentionDays}


def test_the_app_ends_with_a_message_and_no_traceback(tmp_path: Path) -> None:
    ended = subprocess.run(
        [sys.executable, str(ROOT / "app.py"), "--tenant", "nobody", "--output", str(tmp_path)],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert ended.returncode == 2
    assert "infra/tenants/nobody.toml: there is no such tenant file" in ended.stderr
    assert "Traceback" not in ended.stderr
