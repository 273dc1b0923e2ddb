"""Assets in the table of an admin API, as syncs leave them."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from tandem.assets.identity import asset_id_of
from tandem.assets.matching import match_keys
from tandem.assets.models import Asset, Facts, FleetEntry, HistoryEntry, LinkedDevice, Presence, Program, Seen
from tandem.assets.order import FIRST
from tandem.assets.software import SoftwareDocument, merge_software
from tandem.assets.writing import asset_write
from tandem.store.asset_writer import AssetWriter
from tandem.store.configuration.integrations import Integrations
from tandem.store.configuration.table import ConfigurationTable
from tandem.store.fleets import Fleets
from tandem.store.sync_records import RunKind, RunState, SyncRun, new_run_id
from tandem.store.sync_runs import SyncRuns
from tandem.syncing.document_format import document_key, packed
from tandem.times import utc_now
from tests.integration.admin_calls import AdminApi

SEEN_AT = utc_now().replace(microsecond=0)


def connected(api: AdminApi, provider: str = "tacticalrmm", **words: Any) -> str:
    """An integration that has credentials, as far as its record goes."""
    integration_id = api.new_integration(provider, rule=False)
    integrations = Integrations(ConfigurationTable(api.dynamodb, api.name))
    integration = integrations.get(integration_id)
    assert integration is not None
    integrations.put(replace(integration, **{"status": "connected", **words}))
    return integration_id


def machine(
    api: AdminApi,
    integration_id: str,
    external_id: str = "1",
    client_id: str | None = None,
    *,
    presence: Presence = Presence.LISTED,
    organization_id: str | None = "12",
    seen: Seen | None = None,
    at: datetime = SEEN_AT,
    also: Iterable[LinkedDevice] = (),
    entry: bool = True,
    **facts: Any,
) -> str:
    """An asset of one device (and of `also`), and the device's place in its fleet. Gives the asset's id."""
    told = Facts(**{"name": f"PC-{external_id}", **facts})
    device = LinkedDevice(
        integration_id, external_id, told, organization_id, client_id, presence, linked_at=at, linked_by="device"
    )
    asset_id = asset_id_of(integration_id, external_id)
    asset = Asset(asset_id, at, (device, *also), updated_at=at, version=1)
    created = HistoryEntry(asset_id, at, "run:r1", "created")
    written = AssetWriter(api.dynamodb, api.name).write(
        [asset_write(None, asset, [created], sorted(match_keys(told)))], at
    )
    assert written.is_whole
    if entry:
        in_fleet(
            api,
            integration_id,
            FleetEntry(
                external_id,
                "f",
                asset_id,
                organization_id=organization_id,
                presence=presence,
                seen=seen or Seen(at, at - timedelta(days=1), "ada", {"C:": 12.5}),
            ),
        )
    return asset_id


def in_fleet(api: AdminApi, integration_id: str, entry: FleetEntry) -> None:
    """A device on the page of its fleet."""
    fleets = Fleets(api.dynamodb, api.name)
    page = fleets.page_of(integration_id, entry.external_id)
    entries = {**page.entries, entry.external_id: entry}
    fleets.put_page(replace(page, entries=entries, version=page.version + 1))


def run_of(
    api: AdminApi,
    integration_id: str,
    kind: RunKind = "devices",
    *to: RunState,
    at: datetime | None = None,
    **words: Any,
) -> SyncRun:
    """A sync that went through these states, the last of which may be an end."""
    runs, at = SyncRuns(api.dynamodb, api.name), at or utc_now()
    run = SyncRun(new_run_id(at), integration_id, kind, "queued", at, "schedule", heartbeat_at=at, step="{}")
    assert runs.begin(run, at, at + timedelta(minutes=30))
    for state in to:
        if state in ("succeeded", "failed", "cancelled"):
            assert runs.finish(run, state, at, "It failed." if state == "failed" else None)
        else:
            run = runs.move(run, state, at, **(words if state == to[-1] else {}))
    found = runs.run(integration_id, run.run_id, at)
    assert found is not None
    return found


def software(api: AdminApi, s3: Any, integration_id: str, programs: dict[str, list[Program]]) -> None:
    """What a sync of software found on these assets, all of one page."""
    document = merge_software(SoftwareDocument(), programs, list(programs)).document
    s3.put_object(Bucket=api.name, Key=document_key(integration_id, FIRST), Body=packed(document))
    run_of(api, integration_id, "software", "succeeded")
