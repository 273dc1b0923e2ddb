"""What a listing of organizations makes of their records."""

from dataclasses import replace

from tandem.connections.fleet import OrganizationListed
from tandem.store.configuration.records import ClientRecord, OrganizationRecord
from tandem.syncing.organizations import merged

ACME = OrganizationListed("1", "Acme Corp", path="Acme Corp")
BRANCH = OrganizationListed("2", "Branch", "1", "Acme Corp / Branch")
CLIENTS = [ClientRecord("c1", "ACME"), ClientRecord("c2", "Globex")]


def one(known: list[OrganizationRecord], listed: OrganizationListed, auto_map: bool = False) -> OrganizationRecord:
    (record,) = merged(known, [listed], CLIENTS, auto_map)
    return record


def test_new_ones_are_kept_with_where_they_are() -> None:
    assert merged([], [ACME, BRANCH], [], False) == [
        OrganizationRecord("1", "Acme Corp", None, "Acme Corp"),
        OrganizationRecord("2", "Branch", "1", "Acme Corp / Branch"),
    ]


def test_what_is_the_same_is_not_written() -> None:
    known = replace(one([], ACME), version=1)
    assert merged([known], [ACME], CLIENTS, True) == []


def test_a_mapping_and_a_switch_stay_when_a_name_changes() -> None:
    known = OrganizationRecord("1", "Old", client_id="c9", auto_sync=False, version=4)
    after = one([known], ACME, auto_map=True)
    assert (after.name, after.client_id, after.auto_sync, after.version) == ("Acme Corp", "c9", False, 4)


def test_one_that_is_not_listed_any_more_is_marked_until_it_comes_back() -> None:
    known = [OrganizationRecord("1", "Acme Corp", path="Acme Corp", version=1), OrganizationRecord("9", version=1)]
    assert [(each.external_id, each.is_listed) for each in merged(known, [ACME], [], False)] == [("9", False)]
    gone = replace(known[0], is_listed=False)
    assert one([gone], ACME).is_listed


def test_a_listing_of_nothing_says_nothing() -> None:
    assert merged([OrganizationRecord("1", version=1)], [], CLIENTS, True) == []


def test_a_client_is_suggested_and_mapped_only_where_the_tenant_wants_it_and_once() -> None:
    assert (one([], ACME).suggested_client_id, one([], ACME).client_id) == ("c1", None)
    mapped = one([], ACME, auto_map=True)
    assert mapped.client_id == "c1"
    taken_back = replace(mapped, client_id=None, version=2)
    assert merged([taken_back], [ACME], CLIENTS, True) == []


def test_no_client_is_suggested_by_a_name_that_several_have_or_to_a_place() -> None:
    twin = OrganizationListed("3", "Acme Inc.", path="Acme Inc.")
    assert {each.suggested_client_id for each in merged([], [ACME, twin], CLIENTS, True)} == {None}
    place = replace(ACME, is_place=True)
    assert one([], place).suggested_client_id is None
    two = [*CLIENTS, ClientRecord("c3", "acme gmbh")]
    assert merged([], [ACME], two, True)[0].suggested_client_id is None
