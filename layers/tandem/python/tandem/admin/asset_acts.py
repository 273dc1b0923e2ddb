"""Routes of what a person does with assets: two that are one machine, one that is gone, some to be asked for now."""

import time
from collections.abc import Callable
from typing import Any, TypeVar

from tandem.admin.asset_answers import integrations_by_id, is_managed, whole_asset
from tandem.admin.assets import by_person, the_asset
from tandem.admin.attempts import until_applied
from tandem.admin.auditing import note
from tandem.admin.calls import Answer, Call, Route, Routes
from tandem.admin.problems import FieldError, Problem, conflict, invalid
from tandem.admin.schemas.assets import (
    LinkBody,
    LinkedAnswer,
    NotRefreshedAnswer,
    RefreshAnswer,
    RefreshBody,
    UnlinkBody,
    WholeAssetAnswer,
)
from tandem.admin.schemas.base import NoBody, NoQuery
from tandem.assets.drafts import linked_device
from tandem.assets.identity import asset_id_of
from tandem.assets.joining import Joined, join, part, restore, retire
from tandem.assets.matching import match_keys
from tandem.assets.models import Asset, Presence
from tandem.assets.news import News
from tandem.assets.pages import AssetWrite
from tandem.assets.writing import asset_keys
from tandem.store.configuration.records import Role
from tandem.syncing.refresh_message import RefreshMessage

AnyCall = Call[Any, Any]
Result = TypeVar("Result")


def link_asset(call: Call[LinkBody, NoQuery]) -> Answer:
    """The asset with the devices of another one, which has none from then on."""
    other_id = call.body.asset_id

    def joined() -> Joined:
        asset = the_asset(call)
        other = call.services.assets.asset(other_id)
        if other is None:
            raise invalid("asset_id", f"there is no asset '{other_id}'")
        owners = call.services.assets.owners(asset_keys(other))
        return _or_conflict(lambda: join(asset, other, owners, by_person(call), call.now))

    return _moved(call, joined, "link", other_id)


def unlink_asset(call: Call[UnlinkBody, NoQuery]) -> Answer:
    """The asset without a device, which gets an asset of its own."""
    integration_id, external_id = call.body.integration_id, call.body.external_id
    own_id = asset_id_of(integration_id, external_id)

    def joined() -> Joined:
        asset = the_asset(call)
        device = linked_device(asset, integration_id, external_id)
        if device is None:
            raise invalid("external_id", f"the asset has no device '{external_id}' of integration '{integration_id}'")
        own = call.services.assets.asset(own_id)
        owners = call.services.assets.owners(match_keys(device.facts))
        return _or_conflict(lambda: part(asset, device, own, owners, by_person(call), call.now))

    return _moved(call, joined, "unlink", own_id)


def retire_asset(call: Call[NoBody, NoQuery]) -> Answer:
    """An asset whose machine is gone."""
    return _changed(call, "retire", lambda asset: retire(asset, by_person(call), call.now))


def restore_asset(call: Call[NoBody, NoQuery]) -> Answer:
    """An asset whose machine was not gone after all."""

    def changed(asset: Asset) -> AssetWrite | None:
        devices = [(each.integration_id, each.external_id) for each in asset.devices]
        entries = call.services.fleets.entries(devices, consistent=True)
        listed = {device for device, entry in entries.items() if entry.presence is Presence.LISTED}
        return restore(asset, listed, by_person(call), call.now)

    return _changed(call, "restore", changed)


def refresh_assets(call: Call[RefreshBody, NoQuery]) -> Answer:
    """Assets, asked for at their RMMs."""
    wanted = list(dict.fromkeys(call.body.ids))
    assets = call.services.assets.several(wanted)
    missing = [
        FieldError(f"ids.{n}", f"there is no asset '{each}'")
        for n, each in enumerate(call.body.ids)
        if each not in assets
    ]
    if missing:
        raise Problem(422, "the request's content is not valid", missing)
    integrations = integrations_by_id(call)
    messages: list[RefreshMessage] = []
    not_asked: list[NotRefreshedAnswer] = []
    for asset_id in wanted:
        devices = [each for each in assets[asset_id].devices if is_managed(each, integrations)]
        messages += [RefreshMessage(each.integration_id, each.external_id, News.REQUESTED) for each in devices]
        if not devices:
            not_asked.append(NotRefreshedAnswer(id=asset_id, reason="no connected RMM lists any of its devices"))
    call.services.refreshes.send(messages, call.now)
    return Answer(RefreshAnswer(devices=len(messages), not_asked=not_asked), 202)


def _moved(call: AnyCall, joined: Callable[[], Joined], what: str, other_id: str) -> Answer:
    def attempt() -> Joined:
        made = joined()
        call.services.asset_joins.write(made, call.now)
        return made

    made = until_applied(attempt, time.sleep)
    asset_id = call.params["asset_id"]
    note(call, what, f"asset:{asset_id}", f"asset:{other_id}, {len(made.moved)} devices")
    written = {each.asset.asset_id: each.asset for each in made.writes}
    return Answer(LinkedAnswer(asset=whole_asset(call, written[asset_id]), other_id=other_id))


def _changed(call: AnyCall, what: str, decide: Callable[[Asset], AssetWrite | None]) -> Answer:
    def attempt() -> tuple[Asset, bool]:
        asset = the_asset(call)
        write = _or_conflict(lambda: decide(asset))
        if write is None:
            return asset, False
        call.services.assets.write(write, call.now)
        return write.asset, True

    asset, is_changed = until_applied(attempt, time.sleep)
    if is_changed:
        note(call, what, f"asset:{asset.asset_id}")
    return Answer(whole_asset(call, asset))


def _or_conflict(decide: Callable[[], Result]) -> Result:
    try:
        return decide()
    except ValueError as refusal:
        raise conflict(str(refusal)) from None


_ONE = "/assets/{asset_id}"
_TAG = "Assets"

ROUTES: Routes = (
    Route(
        "POST",
        f"{_ONE}/link",
        "Say that another asset is the same machine",
        Role.ADMIN,
        link_asset,
        LinkedAnswer,
        _TAG,
        body=LinkBody,
        description="The other one's devices become this one's. What a person wrote into the other one, its history, "
        "alerts and tickets stay with it; it is in no list any more. Audited.",
        conflicts="it is the asset itself, or the other one has no device",
    ),
    Route(
        "POST",
        f"{_ONE}/unlink",
        "Say that a device is another machine",
        Role.ADMIN,
        unlink_asset,
        LinkedAnswer,
        _TAG,
        body=UnlinkBody,
        description="The device gets an asset of its own: the one that it had before, if it had one. Audited.",
        conflicts="it is the asset's only device, or the one that made the asset",
    ),
    Route(
        "POST",
        f"{_ONE}/retire",
        "Retire an asset",
        Role.ADMIN,
        retire_asset,
        WholeAssetAnswer,
        _TAG,
        description="The machine is gone, although its RMM still lists it. It comes back by itself only when the RMM "
        "has lost it and lists it again. Audited.",
        conflicts="its devices are another asset's by now",
    ),
    Route(
        "POST",
        f"{_ONE}/restore",
        "Take back that an asset was retired",
        Role.ADMIN,
        restore_asset,
        WholeAssetAnswer,
        _TAG,
        description="Audited.",
        conflicts="no RMM lists any of its devices",
    ),
    Route(
        "POST",
        "/assets/sync",
        "Ask the RMMs for some assets now",
        Role.TECHNICIAN,
        refresh_assets,
        RefreshAnswer,
        _TAG,
        202,
        body=RefreshBody,
        description="With all that they say of a single device. Asked twice within half a minute, an RMM is asked "
        "once.",
    ),
)
