"""What people see of an asset, and what they write into it."""

from dataclasses import replace

import pytest

from tandem.assets.editing import Difference, differences, edit, give_back
from tandem.assets.models import AgentStatus, Asset, AssetType, Facts, FieldChange, FieldValue, LinkedDevice, Presence
from tandem.assets.shown import EDITABLE, shown
from tests.unit.assets.world import START, at

BY = "user:ada"


def asset(**facts: object) -> Asset:
    said = replace(Facts(name="PC-1", asset_type=AssetType.WORKSTATION, location="Berlin"), **facts)  # type: ignore[arg-type]
    return Asset("a1", START, (LinkedDevice("i1", "1", said, "1", "acme"),), version=4)


def edited(before: Asset, **edits: FieldValue) -> Asset:
    write = edit(before, edits, BY, at(1))
    assert write is not None
    return write.asset


def test_a_persons_word_is_shown_over_the_rmms() -> None:
    view = shown(edited(asset(), name="Reception", asset_type="server", client_id="globex"))
    assert (view.facts.name, view.facts.asset_type, view.client_id) == ("Reception", AssetType.SERVER, "globex")
    assert view.facts.location == "Berlin"


def test_what_the_first_device_does_not_say_the_others_say() -> None:
    first = LinkedDevice("i1", "1", Facts(name="PC-1"), client_id=None)
    second = LinkedDevice("i2", "x", Facts(name="pc-one", cpu_cores=8), client_id="acme")
    view = shown(Asset("a1", START, (first, second)))
    assert (view.facts.name, view.facts.cpu_cores, view.client_id) == ("PC-1", 8, "acme")


def test_a_device_that_the_rmm_lost_speaks_after_one_that_is_listed() -> None:
    gone = LinkedDevice("i1", "1", Facts(agent_status=AgentStatus.OFFLINE), presence=Presence.RETIRED)
    there = LinkedDevice("i2", "x", Facts(agent_status=AgentStatus.ONLINE))
    view = shown(Asset("a1", START, (gone, there)))
    assert (view.facts.agent_status, view.presence) == (AgentStatus.ONLINE, Presence.LISTED)


def test_an_edit_is_a_write_with_its_history_and_the_words_it_is_found_by() -> None:
    write = edit(asset(), {"name": "Reception"}, BY, at(1))
    assert write is not None
    assert write.asset.version == 5
    assert write.words_added == {"reception"}
    (entry,) = write.history
    assert (entry.by, entry.what, entry.changes) == (BY, "changed", (FieldChange("name", "PC-1", "Reception"),))
    assert "pc1" not in write.words_removed, "the RMM's name still finds it"


def test_the_same_edit_again_is_no_write() -> None:
    assert edit(edited(asset(), name="Reception"), {"name": " Reception "}, BY, at(2)) is None


def test_writing_what_the_rmm_says_makes_it_the_persons_without_history() -> None:
    write = edit(asset(), {"name": "PC-1"}, BY, at(1))
    assert write is not None
    assert write.asset.edited == {"name": "PC-1"}
    assert write.history == ()


def test_a_field_can_be_shown_empty_by_a_person() -> None:
    assert shown(edited(asset(), location=None)).facts.location is None


@pytest.mark.parametrize(
    ("edits", "reason"),
    [
        ({"agent_status": "online"}, "agent_status is the RMM's"),
        ({"name": None}, "name cannot be empty"),
        ({"name": "  "}, "name cannot be empty"),
        ({"asset_type": "toaster"}, "asset_type is one of"),
        ({"location": 7}, "location is a text"),
        ({"location": "x" * 501}, "at most 500"),
    ],
)
def test_an_edit_that_cannot_be_says_why(edits: dict[str, FieldValue], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        edit(asset(), edits, BY, at(1))


def test_the_rmm_contradicting_a_person_is_a_difference_for_review() -> None:
    mine = edited(asset(), name="Reception", location="Berlin", serial_number="5CG1234ABC")
    assert differences(mine) == (Difference("name", "Reception", "PC-1"),)


def test_a_field_given_back_is_what_the_rmm_says_again() -> None:
    mine = edited(asset(), name="Reception", location="Paris")
    write = give_back(mine, ["name"], BY, at(2))
    assert write is not None
    assert write.asset.edited == {"location": "Paris"}
    assert write.history[0].changes == (FieldChange("name", "Reception", "PC-1"),)
    assert give_back(write.asset, ["name"], BY, at(3)) is None
    with pytest.raises(ValueError, match="ram_gib is the RMM's"):
        give_back(mine, ["ram_gib"], BY, at(2))


def test_every_field_of_a_person_can_be_written_and_is_shown() -> None:
    for name in EDITABLE:
        view = shown(edited(asset(), **{name: "server"}))
        value = view.client_id if name == "client_id" else getattr(view.facts, name)
        assert value == (AssetType.SERVER if name == "asset_type" else "server")
