"""The route of the compliance summary."""

import time
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from tandem.admin.calls import Answer, Call, Route, Routes
from tandem.admin.live_alerts import DeviceKey, active_alerts_by_device
from tandem.admin.paging import after_of, cursor_of
from tandem.admin.problems import FieldError, bad_request
from tandem.admin.schemas.base import NoBody, Page
from tandem.admin.schemas.compliance import ComplianceAnswer, ComplianceQuery
from tandem.assets.compliance import Compliance, summarize
from tandem.assets.models import Asset
from tandem.assets.shown import shown
from tandem.store.asset_listing import assets_of_client
from tandem.store.configuration.records import ClientRecord, Role
from tandem.store.keys import NO_CLIENT

AnyCall = Call[Any, Any]

SECONDS = 12.0
"""A page ends after so long, however many clients it has: the next one goes on."""

_AT_ONCE = 1000
_LAST = "~"
"""Behind all ids: the assets without a client come last."""


def list_compliance(call: Call[NoBody, ComplianceQuery]) -> Answer:
    """One page of clients."""
    until = time.monotonic() + SECONDS
    query = call.query
    clients = _clients(call, query.client_id)
    after = after_of(call, "compliance")
    left = [(place, client) for place, client in clients if after is None or place > after]
    alerts = active_alerts_by_device(call) if left else {}
    items: list[ComplianceAnswer] = []
    for number, (place, client) in enumerate(left):
        counted = _counted(call, client, alerts)
        if client is not None or counted.assets:
            items.append(_answer(client, counted))
        is_last = number == len(left) - 1
        if not is_last and (len(items) == query.limit or time.monotonic() > until):
            return Answer(Page[ComplianceAnswer](items=items, next_cursor=cursor_of(call, "compliance", place)))
    return Answer(Page[ComplianceAnswer](items=items))


def _clients(call: AnyCall, client_id: str | None) -> list[tuple[str, ClientRecord | None]]:
    """The clients that are wanted, by where they stand in the list; None for assets without one."""
    if client_id == NO_CLIENT:
        return [(_LAST, None)]
    if client_id is not None:
        client = call.services.clients.get(client_id)
        if client is None:
            problem = FieldError("client_id", f"there is no client '{client_id}'")
            raise bad_request("the query string is not valid", problem)
        return [(client_id, client)]
    every: list[tuple[str, ClientRecord | None]] = [(each.client_id, each) for each in call.services.clients.all()]
    return [*every, (_LAST, None)]


def _counted(call: AnyCall, client: ClientRecord | None, alerts: Mapping[DeviceKey, int]) -> Compliance:
    client_id = client.client_id if client is not None else None
    partitions = assets_of_client(client_id or NO_CLIENT)
    counted = Compliance()
    after: str | None = None
    while True:
        found = call.services.asset_listing.assets(partitions, _has_devices, after, _AT_ONCE)
        of_assets = {each.asset_id: _alerts_of(each, alerts) for each in found.records}
        # The index may be a moment behind: who moved on counts where the asset says.
        counted += summarize(map(shown, found.records), of_assets).get(client_id, Compliance())
        after = found.after
        if after is None:
            return counted


def _has_devices(asset: Asset) -> bool:
    return bool(asset.devices)


def _alerts_of(asset: Asset, alerts: Mapping[DeviceKey, int]) -> int:
    return sum(alerts.get((each.integration_id, each.external_id), 0) for each in asset.devices)


def _answer(client: ClientRecord | None, counted: Compliance) -> ComplianceAnswer:
    return ComplianceAnswer(
        client_id=client.client_id if client is not None else None,
        client_name=client.name if client is not None else None,
        **asdict(counted),
    )


ROUTES: Routes = (
    Route(
        "GET",
        "/compliance",
        "Sum up how clients' machines do",
        Role.VIEWER,
        list_compliance,
        Page[ComplianceAnswer],
        "Assets",
        query=ComplianceQuery,
        description="In the order of the clients' ids; assets without a client come last, if there are any. A page may "
        "be short where clients have many assets.",
    ),
)
