"""Users, their API keys and the first admin over the admin API."""

import pytest

from tests.integration.admin_calls import FIRST_KEY, HOST, AdminApi, fields

pytestmark = pytest.mark.emulator

ADA = {"name": "Ada Lovelace", "email": "ada@example.com", "role": "technician"}

UNASKED = {"email": True, "least_severity": "none"}
"""What everybody is sent who has not said otherwise."""


def the_first_key(api: AdminApi) -> str:
    (key_id,) = [each["id"] for each in api.items("/api-keys") if each["user_id"] == "first-admin"]
    return str(key_id)


def test_the_first_admin_exists_from_the_start(bare: AdminApi) -> None:
    (user,) = bare.items("/users")
    assert user == {
        "id": "first-admin",
        "name": "First admin",
        "email": None,
        "role": "admin",
        "active": True,
        "notifications": UNASKED,
    }
    (key,) = bare.items("/api-keys")
    assert (key["user_id"], key["role"], key["last_characters"]) == ("first-admin", "admin", FIRST_KEY[-4:])


def test_the_first_admin_is_made_once_however_many_instances_start(bare: AdminApi) -> None:
    before = bare.stored()
    for _ in range(3):
        bare.another_instance()
    assert bare.stored() == before


def test_a_new_value_of_the_first_keys_secret_replaces_the_first_key(api: AdminApi) -> None:
    """The way back in when every admin key is lost."""
    admin = api.new_person("admin")
    api.ok("PATCH", "/users/first-admin", {"active": False}, key=admin.key)
    new_key = "tdm_another-first-admin-key-of-the-tests"
    api.secretsmanager.put_secret_value(SecretId=api.first_key_secret, SecretString=new_key)
    api.key = new_key
    instance = api.another_instance()
    assert api.call("GET", "/users", instance=instance).status == 200
    assert api.call("GET", "/users", key=FIRST_KEY, instance=instance).status == 401
    assert api.call("GET", "/users", key=admin.key, instance=instance).status == 200
    assert len([each for each in api.items("/api-keys", instance=instance) if each["user_id"] == "first-admin"]) == 1


def test_a_first_key_that_is_too_short_to_be_one_opens_nothing(
    api: AdminApi, capsys: pytest.CaptureFixture[str]
) -> None:
    api.secretsmanager.put_secret_value(SecretId=api.first_key_secret, SecretString="short")
    instance = api.another_instance()
    assert api.call("GET", "/users", key="short", instance=instance).status == 401
    assert api.call("GET", "/users", key=FIRST_KEY, instance=instance).status == 200, "keys that are there still open"
    assert "NoFirstKeyError" in capsys.readouterr().out


def test_a_user_is_made_read_listed_and_changed(api: AdminApi) -> None:
    response = api.call("POST", "/users", ADA)
    made = response.json
    assert response.status == 201
    assert response.headers["location"] == f"https://{HOST}/api/v1/users/{made['id']}"
    assert made == {"id": made["id"], "active": True, "notifications": UNASKED, **ADA}
    assert api.ok("GET", f"/users/{made['id']}") == made
    assert made in api.items("/users")
    changed = api.ok("PATCH", f"/users/{made['id']}", {"role": "admin"})
    assert changed == made | {"role": "admin"}
    changed = api.ok("PATCH", f"/users/{made['id']}", {"name": "Ada", "email": "ada@other.example", "active": False})
    assert changed == {
        "id": made["id"],
        "name": "Ada",
        "email": "ada@other.example",
        "role": "admin",
        "active": False,
        "notifications": UNASKED,
    }


def test_what_is_no_address_is_told_in_words(api: AdminApi) -> None:
    problem = api.refused(422, "POST", "/users", ADA | {"email": "ada"})
    assert problem["errors"] == [{"field": "email", "message": "must be a mail address such as ada@example.com"}]


def test_an_email_address_belongs_to_one_user(api: AdminApi) -> None:
    ada = api.ok("POST", "/users", ADA)
    problem = api.refused(422, "POST", "/users", ADA | {"name": "Other", "email": "ADA@example.com"})
    assert fields(problem) == ["email"]
    assert ada["id"] in problem["errors"][0]["message"]
    bob = api.ok("POST", "/users", ADA | {"name": "Bob", "email": "bob@example.com"})
    assert fields(api.refused(422, "PATCH", f"/users/{bob['id']}", {"email": "ada@example.com"})) == ["email"]
    assert api.ok("PATCH", f"/users/{ada['id']}", {"email": "Ada@example.com"})["email"] == "Ada@example.com"


@pytest.mark.parametrize(
    ("words", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": None}, "name"),
        ({"email": None}, "email"),
        ({"email": "ada"}, "email"),
        ({"email": "ada@"}, "email"),
        ({"email": "@example.com"}, "email"),
        ({"email": "ada@example..com"}, "email"),
        ({"email": "a b@example.com"}, "email"),
        ({"email": "a" * 250 + "@example.com"}, "email"),
        ({"role": "boss"}, "role"),
        ({"role": "Admin"}, "role"),
        ({"role": None}, "role"),
        ({"active": True}, "active"),
        ({"id": "mine"}, "id"),
    ],
)
def test_a_user_that_is_none_is_refused_by_field(refusing: AdminApi, words: dict[str, object], field: str) -> None:
    assert fields(refusing.refused(422, "POST", "/users", ADA | words)) == [field]


@pytest.mark.parametrize("field", ["name", "email", "role", "active", "notifications"])
def test_nothing_of_a_user_can_be_null(refusing: AdminApi, field: str) -> None:
    assert fields(refusing.refused(422, "PATCH", "/users/first-admin", {field: None})) == [field]


def test_an_unknown_user_or_key_is_404(refusing: AdminApi) -> None:
    refusing.refused(404, "GET", "/users/nobody")
    refusing.refused(404, "PATCH", "/users/nobody", {"name": "x"})
    refusing.refused(404, "DELETE", "/api-keys/nothing")


def test_a_key_shows_its_text_once_and_opens_as_its_user(api: AdminApi) -> None:
    ada = api.ok("POST", "/users", ADA)
    response = api.call("POST", "/api-keys", {"user_id": ada["id"], "role": "viewer"})
    made = response.json
    assert response.status == 201
    assert response.headers["location"] == f"https://{HOST}/api/v1/api-keys/{made['id']}"
    assert made["key"].startswith("tdm_")
    assert len(made["key"]) >= 40
    assert made == {
        "id": made["id"],
        "user_id": ada["id"],
        "role": "viewer",
        "last_characters": made["key"][-4:],
        "created_at": made["created_at"],
        "key": made["key"],
    }
    shown = {name: value for name, value in made.items() if name != "key"}
    assert shown in api.items("/api-keys")
    assert made["key"] not in str(api.stored()), "only its hash is kept"
    assert api.call("GET", "/users", key=made["key"]).status == 200


def test_a_key_acts_as_its_user(api: AdminApi) -> None:
    technician = api.new_person("technician")
    ticket = api.ok("POST", "/tickets", {"title": "x"}, key=technician.key)
    comment = api.ok("POST", f"/tickets/{ticket['id']}/comments", {"body": "x"}, key=technician.key)
    entry = api.ok("POST", f"/tickets/{ticket['id']}/time-entries", {"minutes": 5}, key=technician.key)
    closed = api.ok("POST", f"/tickets/{ticket['id']}/close", key=technician.key)
    assert comment["author"] == entry["author"] == closed["closed_by"] == technician.id


def test_a_key_has_its_users_role_unless_it_says_less(api: AdminApi) -> None:
    ada = api.ok("POST", "/users", ADA)
    assert api.ok("POST", "/api-keys", {"user_id": ada["id"]})["role"] == "technician"
    assert api.ok("POST", "/api-keys", {"user_id": ada["id"], "role": None})["role"] == "technician"
    problem = api.refused(422, "POST", "/api-keys", {"user_id": ada["id"], "role": "admin"})
    assert fields(problem) == ["role"]
    assert "technician" in problem["errors"][0]["message"]


def test_a_user_who_loses_a_role_loses_it_on_every_key(api: AdminApi) -> None:
    admin = api.new_person("admin")
    assert api.call("POST", "/clients", {"name": "x"}, key=admin.key).status == 201
    api.ok("PATCH", f"/users/{admin.id}", {"role": "viewer"})
    assert api.call("POST", "/clients", {"name": "x"}, key=admin.key).status == 403
    assert api.call("GET", "/clients", key=admin.key).status == 200
    api.ok("PATCH", f"/users/{admin.id}", {"role": "admin"})
    assert api.call("POST", "/clients", {"name": "x"}, key=admin.key).status == 201


def test_the_keys_of_a_user_who_is_not_active_open_nothing(api: AdminApi) -> None:
    admin = api.new_person("admin")
    assert api.call("GET", "/users", key=admin.key).status == 200
    api.ok("PATCH", f"/users/{admin.id}", {"active": False})
    assert api.call("GET", "/users", key=admin.key).status == 401
    assert fields(api.refused(422, "POST", "/api-keys", {"user_id": admin.id})) == ["user_id"]
    api.ok("PATCH", f"/users/{admin.id}", {"active": True})
    assert api.call("GET", "/users", key=admin.key).status == 200


def test_a_removed_key_opens_nothing(api: AdminApi) -> None:
    admin = api.new_person("admin")
    (key_id,) = [each["id"] for each in api.items("/api-keys") if each["user_id"] == admin.id]
    assert api.call("GET", "/users", key=admin.key).status == 200
    response = api.call("DELETE", f"/api-keys/{key_id}")
    assert (response.status, response.text) == (204, "")
    assert api.call("GET", "/users", key=admin.key).status == 401
    assert key_id not in [each["id"] for each in api.items("/api-keys")]
    api.refused(404, "DELETE", f"/api-keys/{key_id}")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "user_id"),
        ({"user_id": "nobody"}, "user_id"),
        ({"user_id": None}, "user_id"),
        ({"user_id": "first-admin", "role": "boss"}, "role"),
        ({"user_id": "first-admin", "key": "mine"}, "key"),
    ],
)
def test_a_key_that_is_none_is_refused_by_field(refusing: AdminApi, body: object, field: str) -> None:
    assert fields(refusing.refused(422, "POST", "/api-keys", body)) == [field]


def test_the_last_admin_cannot_be_locked_out(api: AdminApi) -> None:
    for change in ({"role": "technician"}, {"role": "viewer"}, {"active": False}):
        assert "admin" in api.refused(409, "PATCH", "/users/first-admin", change)["detail"]
    api.refused(409, "DELETE", f"/api-keys/{the_first_key(api)}")


def test_an_admin_whose_key_may_only_read_does_not_count_as_the_last(api: AdminApi) -> None:
    api.new_person("admin", key_role="viewer")
    api.ok("POST", "/users", ADA | {"role": "admin"})  # without a key
    api.refused(409, "PATCH", "/users/first-admin", {"active": False})
    api.refused(409, "DELETE", f"/api-keys/{the_first_key(api)}")


def test_the_first_admin_may_go_when_another_can_administer(api: AdminApi) -> None:
    other = api.new_person("admin")
    api.ok("PATCH", "/users/first-admin", {"role": "viewer"})
    api.call("DELETE", f"/api-keys/{the_first_key(api)}", key=other.key)
    assert [each["user_id"] for each in api.items("/api-keys", key=other.key)] == [other.id]
    api.key = other.key
    api.refused(409, "PATCH", f"/users/{other.id}", {"active": False})
