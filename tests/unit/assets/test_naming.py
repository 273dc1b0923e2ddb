"""Which client an organization may be, by their names."""

import pytest

from tandem.assets.naming import normal_name, suggestions


@pytest.mark.parametrize(
    ("name", "normal"),
    [
        ("Acme, Inc.", "acme"),
        ("ACME", "acme"),
        ("Globex & Sons Ltd", "globex and sons"),
        ("Café Łódź GmbH", "cafe łodz"),
        ("The Company", "the"),
        ("Co.", "co"),
        ("---", ""),
    ],
)
def test_names_are_compared_without_their_forms(name: str, normal: str) -> None:
    assert normal_name(name) == normal


def test_only_those_that_are_alone_in_having_a_name_are_suggested() -> None:
    organizations = [("Acme Inc", "o1"), ("Twin", "o2"), ("TWIN", "o3"), ("Other", "o4"), ("---", "o5")]
    clients = [("ACME", "c1"), ("Twin", "c2"), ("other", "c3"), ("Other Ltd", "c4"), ("...", "c5")]
    assert suggestions(organizations, clients) == {"o1": "c1"}
