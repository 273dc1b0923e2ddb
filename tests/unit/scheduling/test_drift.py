"""The daily check of the schedules."""

from dataclasses import replace

from tandem.polling.settings import polled_every
from tandem.scheduling.drift import Mended, mend
from tandem.syncing.settings import turn_every
from tests.unit.polling.world import INTEGRATION, MemoryIntegrations, MemorySchedules


def test_missing_surplus_and_changed_schedules_are_mended() -> None:
    integrations = MemoryIntegrations(
        {
            "right": replace(INTEGRATION, integration_id="right"),
            "missing": replace(INTEGRATION, integration_id="missing", polling_interval_minutes=30),
            "changed": replace(INTEGRATION, integration_id="changed", polling_interval_minutes=5),
            "foreign": replace(INTEGRATION, integration_id="foreign"),
            "off": replace(INTEGRATION, integration_id="off", polling_enabled=False),
            "disconnected": replace(INTEGRATION, integration_id="disconnected", status="disconnected"),
            "webhooks": replace(INTEGRATION, integration_id="webhooks", status="webhook_only"),
        }
    )
    schedules = MemorySchedules({"right": 15, "changed": 15, "foreign": None, "off": 15, "disconnected": 15, "gone": 5})
    assert mend(integrations, schedules, polled_every) == Mended(
        missing=("missing",), surplus=("disconnected", "gone", "off"), changed=("changed", "foreign")
    )
    assert schedules.intervals() == {"right": 15, "missing": 30, "changed": 5, "foreign": 15}
    assert not mend(integrations, schedules, polled_every)


def test_an_interval_outside_of_the_bounds_is_the_nearest_within() -> None:
    kept = {
        "often": replace(INTEGRATION, integration_id="often", polling_interval_minutes=1),
        "seldom": replace(INTEGRATION, integration_id="seldom", polling_interval_minutes=600),
    }
    schedules = MemorySchedules()
    mend(MemoryIntegrations(kept), schedules, polled_every)
    assert schedules.intervals() == {"often": 5, "seldom": 60}


def test_a_schedule_of_syncs_comes_as_often_as_anything_of_them_is_due() -> None:
    kept = {
        "hourly": replace(INTEGRATION, integration_id="hourly"),
        "often": replace(INTEGRATION, integration_id="often", device_sync_interval_minutes=1),
        "daily": replace(INTEGRATION, integration_id="daily", device_sync_interval_minutes=1440),
        "off": replace(INTEGRATION, integration_id="off", device_sync_enabled=False),
        "webhooks": replace(INTEGRATION, integration_id="webhooks", status="webhook_only"),
    }
    schedules = MemorySchedules({"off": 60})
    assert mend(MemoryIntegrations(kept), schedules, turn_every).surplus == ("off",)
    assert schedules.intervals() == {"hourly": 60, "often": 15, "daily": 360}
