"""Whose a device is."""

from hypothesis import given
from hypothesis import strategies as st

from tandem.assets.placing import OrganizationNode, Placement, Placements, Skip


def test_a_device_is_its_organizations_clients() -> None:
    placements = Placements([OrganizationNode("1", client_id="acme")])
    assert placements.of("1") == Placement("acme")


def test_the_deepest_mapped_group_above_a_device_decides() -> None:
    placements = Placements(
        [
            OrganizationNode("msp", client_id="house"),
            OrganizationNode("acme", "msp", client_id="acme"),
            OrganizationNode("branch", "acme"),
            OrganizationNode("floor", "branch"),
        ]
    )
    assert placements.of("floor") == Placement("acme")
    assert placements.of("msp") == Placement("house")


def test_each_way_to_no_client_has_its_own_reason() -> None:
    placements = Placements([OrganizationNode("1"), OrganizationNode("2", "gone")])
    assert placements.of(None).skip is Skip.NO_ORGANIZATION
    assert placements.of("9").skip is Skip.ORGANIZATION_NOT_KNOWN
    assert placements.of("1").skip is Skip.ORGANIZATION_NOT_MAPPED
    assert placements.of("2").skip is Skip.ORGANIZATION_NOT_MAPPED


def test_an_organization_whose_sync_is_off_says_its_client_all_the_same() -> None:
    placements = Placements([OrganizationNode("1", client_id="acme", auto_sync=False)])
    assert placements.of("1") == Placement("acme", Skip.AUTO_SYNC_OFF)


def test_the_switch_counts_from_the_device_up_to_the_group_that_is_mapped_and_not_above() -> None:
    placements = Placements(
        [
            OrganizationNode("msp", client_id="house", auto_sync=False),
            OrganizationNode("acme", "msp", client_id="acme"),
            OrganizationNode("lab", "acme", auto_sync=False),
        ]
    )
    assert placements.of("acme").skip is None
    assert placements.of("lab").skip is Skip.AUTO_SYNC_OFF


def test_groups_that_contain_each_other_are_survived() -> None:
    around = Placements([OrganizationNode("a", "b"), OrganizationNode("b", "a"), OrganizationNode("c", "c")])
    assert {around.of(each).skip for each in "abc"} == {Skip.ORGANIZATION_NOT_MAPPED}
    mapped = Placements([OrganizationNode("a", "b"), OrganizationNode("b", "a", client_id="acme")])
    assert mapped.of("a") == Placement("acme")


NAMES = st.sampled_from("abcdef")
NODES = st.lists(
    st.builds(
        OrganizationNode,
        NAMES,
        st.none() | NAMES,
        st.none() | st.sampled_from(["acme", "globex"]),
        st.booleans(),
    ),
    unique_by=lambda node: node.external_id,
)


@given(NODES, st.none() | NAMES)
def test_any_order_of_groups_places_a_device_or_says_why_not(nodes: list[OrganizationNode], group: str | None) -> None:
    placement = Placements(nodes).of(group)
    assert placement.client_id is not None or placement.skip is not None
    assert placement == Placements(reversed(nodes)).of(group)
    assert placement.client_id is None or placement.client_id in {node.client_id for node in nodes}
