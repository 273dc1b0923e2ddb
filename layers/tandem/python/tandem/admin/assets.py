"""Routes of assets: finding and reading them, and what a person writes over what RMMs say."""

import time
from enum import Enum
from typing import Any

from tandem.admin import references
from tandem.admin.asset_answers import (
    Integrations,
    agent_status,
    asset_answers,
    field_name,
    integrations_by_id,
    is_managed,
    whole_asset,
)
from tandem.admin.attempts import until_applied
from tandem.admin.calls import Answer, Call, Route, Routes
from tandem.admin.live_alerts import DeviceKey, active_alerts_by_device
from tandem.admin.paging import after_of, cursor_of
from tandem.admin.problems import FieldError, bad_request, invalid, not_found
from tandem.admin.schemas.assets import (
    AssetAnswer,
    AssetChange,
    AssetsQuery,
    HistoryChangeAnswer,
    HistoryEntryAnswer,
    WholeAssetAnswer,
)
from tandem.admin.schemas.base import NoBody, NoQuery, Page, PageQuery
from tandem.assets.editing import differences, revise
from tandem.assets.models import Asset, HistoryEntry
from tandem.assets.shown import shown
from tandem.assets.words import query_words
from tandem.store.asset_listing import all_assets, assets_of_client
from tandem.store.configuration.records import Role

AnyCall = Call[Any, Any]

_FIELDS = {"type": "asset_type"}
_NOT_FACTS = ("notes", "give_back")


def list_assets(call: Call[NoBody, AssetsQuery]) -> Answer:
    """One page of assets."""
    query, listing = call.query, call.services.asset_listing
    words = query_words(query.q) if query.q is not None else None
    if words == ():
        raise bad_request("the query string is not valid", FieldError("q", "needs a word of two characters at least"))
    fits = _Filter(call)
    after = after_of(call, "assets")
    if words is not None:
        found = listing.search(words, fits, after, query.limit)
    else:
        partitions = all_assets() if query.client_id is None else assets_of_client(query.client_id)
        found = listing.assets(partitions, fits, after, query.limit)
    items = asset_answers(call, found.records)
    return Answer(Page[AssetAnswer](items=items, next_cursor=cursor_of(call, "assets", found.after)))


def get_asset(call: Call[NoBody, NoQuery]) -> Answer:
    """One asset."""
    return Answer(whole_asset(call, the_asset(call)))


def change_asset(call: Call[AssetChange, NoQuery]) -> Answer:
    """An asset with what a person wrote."""
    the_asset(call)
    body = call.body
    given = [name for name in body.model_fields_set if name not in _NOT_FACTS]
    given_back = set(body.give_back or ()) if body.given("give_back") else set()
    for name in given:
        if name in given_back:
            raise invalid("give_back", f"{name} is written and given back in one request")
    if body.given("client_id"):
        references.client(call, "client_id", body.client_id)
    edits = {_FIELDS.get(name, name): getattr(body, name) for name in given}

    def attempt() -> Asset:
        asset = the_asset(call)
        notes = body.notes if body.given("notes") else asset.notes
        names = {_FIELDS.get(name, name) for name in given_back}
        write = revise(asset, edits, names, notes, by_person(call), call.now)
        if write is None:
            return asset
        call.services.assets.write(write, call.now)
        return write.asset

    return Answer(whole_asset(call, until_applied(attempt, time.sleep)))


def get_asset_history(call: Call[NoBody, PageQuery]) -> Answer:
    """One page of an asset's history, newest first."""
    after = after_of(call, "asset-history")
    asset_id = the_asset(call).asset_id
    found = call.services.assets.history(asset_id, after, call.query.limit, call.now)
    items = [_history(entry) for entry in found.records]
    return Answer(Page[HistoryEntryAnswer](items=items, next_cursor=cursor_of(call, "asset-history", found.after)))


def the_asset(call: AnyCall) -> Asset:
    """The asset that the path names. Raises Problem 404."""
    asset_id = call.params["asset_id"]
    asset = call.services.assets.asset(asset_id)
    if asset is None:
        raise not_found("asset", asset_id)
    return asset


def by_person(call: AnyCall) -> str:
    """Who changes an asset, for its history."""
    return f"user:{call.principal.user_id}"


class _Filter:
    """Which assets the query wants; what it takes to know that is read once."""

    def __init__(self, call: Call[NoBody, AssetsQuery]) -> None:
        self._query = call.query
        needs_integrations = call.query.managed is not None
        self._integrations: Integrations = integrations_by_id(call) if needs_integrations else {}
        needs_alerts = call.query.has_active_alerts is not None
        self._alerts: dict[DeviceKey, int] = active_alerts_by_device(call) if needs_alerts else {}

    def __call__(self, asset: Asset) -> bool:
        query, view = self._query, shown(asset)
        facts = view.facts
        pending = facts.has_patches_pending if facts.patches_pending is None else facts.patches_pending > 0
        wanted_client = None if query.client_id == "-" else query.client_id
        return (
            bool(asset.devices)
            and (query.client_id is None or view.client_id == wanted_client)
            and query.integration_id in (None, *(device.integration_id for device in view.devices))
            and query.agent_status in (None, _word(agent_status(view)))
            and query.type in (None, _word(facts.asset_type))
            and query.presence in (None, _word(view.presence))
            and _says(query.managed, any(is_managed(device, self._integrations) for device in view.devices))
            and _says(query.has_pending_patches, pending)
            and _says(query.has_differences, bool(differences(asset) or asset.maybe_same))
            and _says(
                query.has_active_alerts,
                any((device.integration_id, device.external_id) in self._alerts for device in view.devices),
            )
        )


def _word(value: Enum | None) -> str:
    return value.value if value is not None else ""


def _says(wanted: str | None, is_so: bool | None) -> bool:
    """What is not known fits neither."""
    return wanted is None or (is_so is not None and is_so is (wanted == "true"))


def _history(entry: HistoryEntry) -> HistoryEntryAnswer:
    return HistoryEntryAnswer(
        at=entry.at,
        by=entry.by,
        what=entry.what,
        changes=[
            HistoryChangeAnswer(field=field_name(each.field), old=each.old, new=each.new) for each in entry.changes
        ],
    )


_ONE = "/assets/{asset_id}"
_TAG = "Assets"

ROUTES: Routes = (
    Route(
        "GET",
        "/assets",
        "List and find assets",
        Role.VIEWER,
        list_assets,
        Page[AssetAnswer],
        _TAG,
        query=AssetsQuery,
        description="Newest first; with `q` in the order of the words that are found. A page may be short, even empty, "
        "where few of many assets fit: go on with its cursor.",
    ),
    Route("GET", _ONE, "Read an asset", Role.VIEWER, get_asset, WholeAssetAnswer, _TAG),
    Route(
        "PATCH",
        _ONE,
        "Write what a person knows of an asset",
        Role.ADMIN,
        change_asset,
        WholeAssetAnswer,
        _TAG,
        body=AssetChange,
        description="It counts before what RMMs say, whatever they say later, until the field is given back. Where "
        "they say something else, that stands in `differences`.",
    ),
    Route(
        "GET",
        f"{_ONE}/history",
        "List what happened to an asset",
        Role.VIEWER,
        get_asset_history,
        Page[HistoryEntryAnswer],
        _TAG,
        query=PageQuery,
        description="Newest first. What changes all the time (last seen, user, uptime, status, patches) is not in it.",
    ),
)
