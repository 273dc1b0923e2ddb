"""Clients over the admin API."""

import pytest

from tests.integration.admin_calls import HOST, AdminApi, fields

pytestmark = pytest.mark.emulator

CONTACT = {"name": "Ada", "email": "ada@example.com", "phone": "+49 30 1234"}


def test_a_client_is_made_read_listed_and_changed(api: AdminApi) -> None:
    response = api.call("POST", "/clients", {"name": " Northwind ", "external_ref": "C-1", "default_contact": CONTACT})
    made = response.json
    assert response.status == 201
    assert response.headers["location"] == f"https://{HOST}/api/v1/clients/{made['id']}"
    assert made == {"id": made["id"], "name": "Northwind", "external_ref": "C-1", "default_contact": CONTACT}
    assert api.ok("GET", f"/clients/{made['id']}") == made
    assert made in api.items("/clients")

    changed = api.ok("PATCH", f"/clients/{made['id']}", {"name": "Northwind Dental"})
    assert changed == made | {"name": "Northwind Dental"}, "what is left out stays"
    assert api.ok("GET", f"/clients/{made['id']}") == changed


def test_null_clears_what_may_be_missing(api: AdminApi) -> None:
    client_id = api.new_client(external_ref="C-2", default_contact=CONTACT)
    changed = api.ok("PATCH", f"/clients/{client_id}", {"external_ref": None, "default_contact": None})
    assert (changed["external_ref"], changed["default_contact"]) == (None, None)
    assert fields(api.refused(422, "PATCH", f"/clients/{client_id}", {"name": None})) == ["name"]


def test_a_change_of_nothing_writes_nothing(api: AdminApi) -> None:
    client_id = api.new_client()
    before = api.stored()
    assert api.ok("PATCH", f"/clients/{client_id}", {})["id"] == client_id
    assert api.stored() == before


def test_a_contact_without_words_is_none(api: AdminApi) -> None:
    made = api.ok("POST", "/clients", {"name": "Acme", "default_contact": {"name": None}})
    assert made["default_contact"] is None


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "name"),
        ({"name": ""}, "name"),
        ({"name": "   "}, "name"),
        ({"name": "x" * 256}, "name"),
        ({"name": 5}, "name"),
        ({"name": None}, "name"),
        ({"name": "two\nlines"}, "name"),
        ({"name": "nul\0byte"}, "name"),
        ({"name": "next\u0085line"}, "name"),
        ({"name": "line\u2028separator"}, "name"),
        ({"name": "Acme", "nonsense": 1}, "nonsense"),
        ({"name": "Acme", "default_contact": "Ada"}, "default_contact"),
        ({"name": "Acme", "default_contact": {"nick": "Ada"}}, "default_contact.nick"),
        ({"name": "Acme", "default_contact": {"email": "ada"}}, "default_contact.email"),
        ({"name": "Acme", "default_contact": {"email": "a\0@example.com"}}, "default_contact.email"),
        ({"name": "Acme", "default_contact": {"phone": ""}}, "default_contact.phone"),
        ({"name": "Acme", "default_contact": {"phone": "1\0"}}, "default_contact.phone"),
    ],
)
def test_a_client_that_is_none_is_refused_by_field(refusing: AdminApi, body: object, field: str) -> None:
    assert fields(refusing.refused(422, "POST", "/clients", body)) == [field]


@pytest.mark.parametrize("name", ["Łódź & Søn", "日本語", "no-break\u00a0space", "👩\u200d💻 Ltd", "x" * 255])
def test_names_of_any_language_are_kept_as_they_are(api: AdminApi, name: str) -> None:
    assert api.ok("GET", f"/clients/{api.new_client(name)}")["name"] == name


def test_an_unknown_client_is_404(refusing: AdminApi) -> None:
    assert "nobody" in refusing.refused(404, "GET", "/clients/nobody")["detail"]
    refusing.refused(404, "PATCH", "/clients/nobody", {"name": "x"})
