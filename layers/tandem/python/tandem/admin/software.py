"""Routes of software: the programs of an asset, and the assets of a program."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from tandem.admin.asset_answers import integrations_by_id
from tandem.admin.assets import the_asset
from tandem.admin.calls import Answer, Call, Route, Routes
from tandem.admin.paging import after_of, cursor_of
from tandem.admin.problems import FieldError, bad_request, not_found, unavailable
from tandem.admin.schemas.base import NoBody, NoQuery
from tandem.admin.schemas.software import (
    AssetSoftwareAnswer,
    InstalledAnswer,
    NoInventoryAnswer,
    ProgramAnswer,
    ProgramAssetAnswer,
    ProgramAssetsAnswer,
    ProgramAssetsQuery,
    SoftwareFoundAnswer,
    SoftwareQuery,
    VersionAnswer,
)
from tandem.admin.software_shelf import Place, SoftwareUnavailableError
from tandem.alerts.wording import PROVIDER_NAMES
from tandem.assets.order import FIRST, page_beginning
from tandem.assets.shown import shown
from tandem.assets.software import Found, SoftwareDocument, programs_of, search
from tandem.assets.words import normal_text
from tandem.store.configuration.records import Integration, Role
from tandem.syncing.settings import HAVE_SOFTWARE

AnyCall = Call[Any, Any]

SECONDS = 15.0
"""For reading the objects of all fleets."""

VERSIONS_SHOWN = 50

_MOST_ASSETS = 1_000_000
_NONE_AT_ALL = "{} has no software inventory."
_NOT_YET = "No sync of software has gone well yet."


class _Reading:
    """The software of some fleets, object by object; `is_complete`: nothing was left out so far."""

    def __init__(self, call: AnyCall, places: Iterable[Place]) -> None:
        self._call = call
        self._places = places
        self.is_complete = True

    def __iter__(self) -> Iterator[SoftwareDocument]:
        """Raises Problem 503."""
        try:
            for document in self._call.services.software.documents(self._places, SECONDS):
                if document is None:
                    self.is_complete = False
                else:
                    yield document
        except SoftwareUnavailableError as error:
            raise unavailable(f"{error}; try again") from error


def list_software(call: Call[NoBody, SoftwareQuery]) -> Answer:
    """One page of the programs that are found."""
    query, after = call.query, after_of(call, "software")
    if not normal_text(query.q).split():
        raise bad_request("the query string is not valid", FieldError("q", "needs a word"))
    integrations = _integrations(call, query.integration_id)
    reading = _Reading(call, _places(call, integrations))
    found = search(reading, query.q)
    rest = [each for each in found if after is None or _order(each) > after]
    shown_ones = rest[: query.limit]
    more = _order(shown_ones[-1]) if len(rest) > query.limit else None
    answer = SoftwareFoundAnswer(
        items=[_program(each) for each in shown_ones],
        next_cursor=cursor_of(call, "software", more),
        complete=reading.is_complete,
        without_inventory=_without_inventory(call, integrations),
    )
    return Answer(answer)


def list_assets_of_program(call: Call[NoBody, ProgramAssetsQuery]) -> Answer:
    """One page of the assets that have a program."""
    query, name = call.query, call.params["name"]
    after = after_of(call, "program")
    reading = _Reading(call, _places(call, _integrations(call, query.integration_id)))
    program = _named(reading, name)
    if program is None:
        raise not_found("program", name)
    by_asset: dict[str, list[str | None]] = {}
    for version, assets in sorted(program.versions.items()):
        if query.version in (None, version):
            for asset_id in assets:
                by_asset.setdefault(asset_id, []).append(version or None)
    rest = sorted(each for each in by_asset if after is None or each > after)
    ids = rest[: query.limit]
    assets_found = call.services.assets.several(ids, consistent=False)
    views = {asset_id: shown(asset) for asset_id, asset in assets_found.items()}
    items = [
        ProgramAssetAnswer(
            asset_id=each,
            asset_name=views[each].facts.name,
            client_id=views[each].client_id,
            versions=by_asset[each],
        )
        for each in ids
        if each in views and query.client_id in (None, views[each].client_id)
    ]
    answer = ProgramAssetsAnswer(
        name=program.name,
        display=program.display,
        publisher=program.publisher,
        asset_count=len(program.assets),
        items=items,
        next_cursor=cursor_of(call, "program", ids[-1] if len(rest) > query.limit else None),
        complete=reading.is_complete,
    )
    return Answer(answer)


def get_asset_software(call: Call[NoBody, NoQuery]) -> Answer:
    """The programs of one asset."""
    asset = the_asset(call)
    integrations = integrations_by_id(call)
    programs = set()
    for device in shown(asset).devices:
        directory = call.services.fleets.directory(device.integration_id)
        place = device.integration_id, page_beginning(directory.begins, device.external_id)
        try:
            document = call.services.software.document(place)
        except SoftwareUnavailableError as error:
            raise unavailable(f"{error}; try again") from error
        programs |= set(programs_of(document, asset.asset_id)) if document is not None else set()
    ordered = sorted(programs, key=lambda each: (normal_text(each.name), each.version or ""))
    own = [
        integrations[each] for each in dict.fromkeys(d.integration_id for d in asset.devices) if each in integrations
    ]
    answer = AssetSoftwareAnswer(
        items=[InstalledAnswer(name=each.name, version=each.version, publisher=each.publisher) for each in ordered],
        without_inventory=_without_inventory(call, own),
    )
    return Answer(answer)


def _integrations(call: AnyCall, integration_id: str | None) -> list[Integration]:
    every = call.services.integrations.all()
    return [each for each in every if integration_id in (None, each.integration_id)]


def _places(call: AnyCall, integrations: Sequence[Integration]) -> Iterator[Place]:
    """The pages of the fleets whose software was ever listed."""
    states = call.services.sync_runs.states([each.integration_id for each in integrations])
    for integration in integrations:
        if "software" in states[integration.integration_id].last_success_at:
            begins = call.services.fleets.directory(integration.integration_id).begins or (FIRST,)
            yield from ((integration.integration_id, each) for each in begins)


def _without_inventory(call: AnyCall, integrations: Iterable[Integration]) -> list[NoInventoryAnswer]:
    synced = [each for each in integrations if each.has_credentials]
    states = call.services.sync_runs.states([each.integration_id for each in synced])
    found = []
    for each in synced:
        if each.provider not in HAVE_SOFTWARE:
            reason = _NONE_AT_ALL.format(PROVIDER_NAMES[each.provider])
        elif "software" not in states[each.integration_id].last_success_at:
            reason = _NOT_YET
        else:
            continue
        found.append(
            NoInventoryAnswer.model_validate(
                {"integration_id": each.integration_id, "provider": each.provider.value, "reason": reason}
            )
        )
    return found


def _named(documents: Iterable[SoftwareDocument], name: str) -> Found | None:
    """The program of that normalized name, on all assets."""
    narrowed = (
        SoftwareDocument({name: document.programs[name]}) for document in documents if name in document.programs
    )
    return next(iter(search(narrowed, "")), None)


def _order(program: Found) -> str:
    """Sorts as the list does: those on the most assets first."""
    return f"{_MOST_ASSETS - len(program.assets):07d} {program.name}"


def _program(program: Found) -> ProgramAnswer:
    most_first = sorted(program.versions.items(), key=lambda item: (-len(item[1]), item[0]))
    return ProgramAnswer(
        name=program.name,
        display=program.display,
        publisher=program.publisher,
        asset_count=len(program.assets),
        versions=[
            VersionAnswer(version=version or None, asset_count=len(assets))
            for version, assets in most_first[:VERSIONS_SHOWN]
        ],
    )


_TAG = "Software"

ROUTES: Routes = (
    Route(
        "GET",
        "/software",
        "Search the software of all assets",
        Role.VIEWER,
        list_software,
        SoftwareFoundAnswer,
        _TAG,
        query=SoftwareQuery,
        description="Versions of a program are one entry: names are compared without versions, platforms and the like. "
        "As of the last sync of software, once a day.",
    ),
    Route(
        "GET",
        "/software/{name}",
        "List the assets that have a program",
        Role.VIEWER,
        list_assets_of_program,
        ProgramAssetsAnswer,
        _TAG,
        query=ProgramAssetsQuery,
        trailing_slashes=True,
        description="By its normalized name, as the search gives it. A filtered page may be short.",
    ),
    Route(
        "GET",
        "/assets/{asset_id}/software",
        "List the software of an asset",
        Role.VIEWER,
        get_asset_software,
        AssetSoftwareAnswer,
        _TAG,
    ),
)
