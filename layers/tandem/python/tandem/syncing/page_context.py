"""What is read before a page of a fleet is decided, and what others learn of it when it is: the same in a run and when
single devices are refreshed."""

from collections.abc import Collection

from tandem.assets.models import Asset
from tandem.assets.pages import Known, PageDecision, PagePlan
from tandem.assets.placing import OrganizationNode, Placements
from tandem.assets.planning import more_assets
from tandem.store.sync_records import SyncRun
from tandem.syncing.organizations import add_unknown
from tandem.syncing.tools import Tools

REMEMBERED_SECONDS = 30.0


def placements_of(tools: Tools, integration_id: str) -> Placements:
    """Whose the devices of each organization are. Raises StoreErrors."""
    return Placements(
        OrganizationNode(each.external_id, each.parent_id, each.client_id, each.auto_sync)
        for each in tools.organizations.all(integration_id)
    )


def placements_in(tools: Tools, run: SyncRun) -> Placements:
    """The same for pages of one run, at most half a minute old: an RMM may have thousands of organizations, and a fleet
    hundreds of pages. Who maps an organization meanwhile asks for a run of their own. Raises StoreErrors."""
    read_at, placements = tools.placements.get(run.run_id, (0.0, None))
    if placements is None or tools.monotonic() - read_at >= REMEMBERED_SECONDS:
        read_at, placements = tools.monotonic(), placements_of(tools, run.integration_id)
        tools.placements.clear()
        tools.placements[run.run_id] = (read_at, placements)
    return placements


def known_of(tools: Tools, plan: PagePlan) -> Known:
    """What the plan asks for. Raises StoreErrors."""
    records = tools.lookups.devices(plan.page.integration_id, plan.new_devices) if plan.new_devices else {}
    owners = tools.assets.owners(plan.match_keys) if plan.match_keys else {}
    wanted = plan.asset_ids | more_assets(plan, records, owners)
    return Known(records, tools.assets.several(wanted) if wanted else {}, owners)


def tell(tools: Tools, integration_id: str, decision: PageDecision) -> None:
    """What others learn of the page, before it counts as done: twice rather than never. Raises QueueError,
    StoreErrors."""
    if decision.unknown_organizations:
        add_unknown(tools.organizations, integration_id, decision.unknown_organizations)
    if decision.arrived:
        tools.arrivals.arrived(integration_id, decision.arrived)


def devices_of(asset: Asset, integration_id: str, listed: Collection[str]) -> list[str]:
    """The listed devices, by their external ids, that this asset is written for."""
    return [
        each.external_id
        for each in asset.devices
        if each.integration_id == integration_id and each.external_id in listed
    ]
