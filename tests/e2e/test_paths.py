"""What a client writes into a path arrives as it meant it, through the gateway."""

from urllib.parse import quote

import pytest

from tests.e2e.conftest import Stack

pytestmark = pytest.mark.emulator


@pytest.mark.parametrize("external_id", ["a/b", "50%", "a%41", "a%2Fb", "a%25", "é + 1", "a?b#c", "100%25"])
def test_an_organization_is_mapped_under_the_id_that_the_rmm_gave_it(stack: Stack, external_id: str) -> None:
    rmm = stack.connect("ninjaone")
    path = f"/integrations/{rmm.id}/organizations"
    put = stack.ok("PUT", f"{path}/{quote(external_id, safe='')}", {"client_id": None})
    assert put["external_id"] == external_id
    assert [each["external_id"] for each in stack.ok("GET", path)["items"]] == [external_id]


def test_bytes_that_are_no_text_are_refused_and_not_stored(stack: Stack) -> None:
    rmm = stack.connect("ninjaone")
    path = f"/integrations/{rmm.id}/organizations"
    for escapes in ("%ff", "a%C3", "%ED%A0%80"):
        response = stack.api("PUT", f"{path}/{escapes}", {"client_id": None})
        assert response.status_code == 400, response.text
        assert "UTF-8" in response.json()["detail"]
    assert stack.ok("GET", path)["items"] == []
