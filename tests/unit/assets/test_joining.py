"""What only a person can say of an asset."""

from dataclasses import replace
from datetime import timedelta

import pytest

from tandem.assets.identity import asset_id_of
from tandem.assets.joining import join, part, restore, retire
from tandem.assets.models import Asset, FieldChange, Likeness, Presence
from tandem.assets.shown import shown
from tests.unit.store.fleets import NOW, asset

LATER = NOW + timedelta(hours=1)
BY = "user:u1"


def joined() -> tuple[Asset, Asset]:
    taking, giving = join(asset("1"), asset("2"), {}, BY, LATER).writes
    return taking.asset, giving.asset


def test_what_a_person_wrote_stays_with_the_asset_that_it_was_written_into() -> None:
    first = replace(asset("1"), edited={"name": "Reception"})
    second = replace(asset("2"), edited={"name": "Front desk", "location": "Hall"}, notes="old")
    taking, giving = (each.asset for each in join(first, second, {}, BY, LATER).writes)
    assert (taking.edited, taking.notes) == (first.edited, None)
    assert (giving.edited, giving.notes) == (second.edited, "old")
    device = taking.devices[1]
    own = part(taking, device, giving, {}, BY, LATER).writes[1].asset
    assert shown(own).facts.name == "Front desk"


def test_two_that_may_be_the_same_need_no_review_any_more_once_they_are() -> None:
    first = replace(asset("1"), maybe_same=(Likeness(asset("2").asset_id, "x"), Likeness("other", "y")))
    taking = join(first, asset("2"), {}, BY, LATER).writes[0]
    assert taking.asset.maybe_same == (Likeness("other", "y"),)


def test_both_histories_say_what_happened() -> None:
    write = join(asset("1"), asset("2"), {}, BY, LATER)
    (came,), (went,) = (each.history for each in write.writes)
    device = f"{asset('2').devices[0].integration_id}/2"
    assert (came.what, came.by, came.changes) == ("linked", BY, (FieldChange("device", None, device),))
    assert (went.what, went.changes) == ("linked", (FieldChange("linked_to", None, asset("1").asset_id),))


def test_what_cannot_be_linked_is_told_in_a_sentence() -> None:
    taking, giving = joined()
    for first, second, words in (
        (asset("1"), asset("1"), "this asset itself"),
        (giving, asset("3"), "no device"),
        (taking, giving, "no device"),
    ):
        with pytest.raises(ValueError, match=words):
            join(first, second, {}, BY, LATER)


def test_what_cannot_be_taken_apart_is_told_in_a_sentence() -> None:
    taking, giving = joined()
    with pytest.raises(ValueError, match="only device"):
        part(asset("1"), asset("1").devices[0], None, {}, BY, LATER)
    with pytest.raises(ValueError, match="made the asset"):
        part(taking, taking.devices[0], taking, {}, BY, LATER)
    with pytest.raises(ValueError, match="another device"):
        part(taking, taking.devices[1], replace(giving, devices=asset("9").devices), {}, BY, LATER)


def test_a_device_that_never_had_an_asset_of_its_own_gets_one() -> None:
    linked = replace(asset("2").devices[0], linked_by="serial_number")
    both = replace(asset("1"), devices=(*asset("1").devices, linked))
    write = part(both, linked, None, {}, BY, LATER)
    own = write.writes[1].asset
    assert (own.asset_id, own.version, own.created_at) == (asset_id_of(linked.integration_id, "2"), 1, LATER)
    assert own.devices[0].linked_by == "device"
    assert write.to == own.asset_id


def test_retired_by_a_person_and_back_again_if_the_rmm_lists_it() -> None:
    retired = retire(asset("1"), BY, LATER)
    assert retired is not None
    assert [each.presence for each in retired.asset.devices] == [Presence.RETIRED]
    assert retire(retired.asset, BY, LATER) is None
    with pytest.raises(ValueError, match="no RMM lists"):
        restore(retired.asset, set(), BY, LATER)
    device = retired.asset.devices[0]
    back = restore(retired.asset, {(device.integration_id, device.external_id)}, BY, LATER)
    assert back is not None
    assert back.asset.devices == asset("1").devices
    assert [entry.what for entry in back.history] == ["returned"]
    assert restore(asset("1"), set(), BY, LATER) is None
    with pytest.raises(ValueError, match="no device"):
        retire(joined()[1], BY, LATER)
