"""Who may do what, over every route of the table: a new route is in here without anybody thinking of it."""

import pytest

from tandem.admin.calls import AnyRoute
from tandem.admin.route_table import ROUTES
from tandem.store.configuration.records import Role
from tests.integration.admin_calls import AdminApi, filled

pytestmark = pytest.mark.emulator

OF_TECHNICIANS = ("/tickets", "/alerts")
"""What technicians work (http.md); the rest they read."""

ALSO_OF_TECHNICIANS = ("/assets/sync", "/assets/{asset_id}/remote-access")
"""Asking for a machine as it is now, and a way into it."""

OF_EVERYBODY = ("/notifications",)
"""What concerns nobody but the key's own user."""

WITHOUT_KEY = {("GET", "/openapi.json"), ("GET", "/docs")}


def needed(route: AnyRoute) -> Role | None:
    """The role that http.md asks for, whatever the route itself says."""
    if (route.method, route.path) in WITHOUT_KEY:
        return None
    if (route.method == "GET" and route.path != "/audit") or route.path.startswith(OF_EVERYBODY):
        return Role.VIEWER
    if route.path == "/audit":
        return Role.ADMIN
    is_technicians = route.path.startswith(OF_TECHNICIANS) or route.path in ALSO_OF_TECHNICIANS
    return Role.TECHNICIAN if is_technicians else Role.ADMIN


def name_of(route: AnyRoute) -> str:
    return f"{route.method} {route.path}"


KEPT = [route for route in ROUTES if needed(route) is not None]


@pytest.fixture(scope="module")
def keys(refusing: AdminApi) -> dict[Role, str]:
    """A key of each role."""
    return {role: refusing.new_person(role.value).key for role in Role}


@pytest.mark.parametrize("route", KEPT, ids=name_of)
def test_a_key_does_what_its_role_may_and_nothing_else_and_no_key_does_nothing(
    refusing: AdminApi, keys: dict[Role, str], route: AnyRoute
) -> None:
    """The ids are unknown and there is no body: past the door, nothing is found or something is missing."""
    wanted = needed(route)
    assert wanted is not None
    with refusing.untouched():
        for no_key in ("", "nonsense"):
            response = refusing.call(route.method, filled(route.path), {}, key=no_key)
            assert response.status == 401, response.text
            assert response.headers["WWW-Authenticate"].startswith('Bearer realm="tandem"')
        for role, key in keys.items():
            response = refusing.call(route.method, filled(route.path), key=key)
            if role.allows(wanted):
                assert response.status in (200, 204, 400, 404), f"{role}: {response.text}"
            else:
                assert response.status == 403, f"{role}: {response.text}"
                assert wanted.value in response.json["detail"]
                assert role.value in response.json["detail"]


@pytest.mark.parametrize("path", sorted(path for _, path in WITHOUT_KEY))
def test_the_documents_are_read_without_a_key_and_with_any(refusing: AdminApi, path: str) -> None:
    for key in ("", "nonsense", refusing.key):
        assert refusing.call("GET", path, key=key).status == 200


def test_no_route_but_the_documents_goes_without_a_key() -> None:
    assert {(route.method, route.path) for route in ROUTES if route.role is None} == WITHOUT_KEY


def test_a_key_may_do_no_more_than_it_says_although_its_user_may(refusing: AdminApi) -> None:
    reader = refusing.new_person("admin", key_role="viewer").key
    assert refusing.call("GET", "/clients", key=reader).status == 200
    refusing.refused(403, "POST", "/clients", {"name": "x"}, key=reader)


def test_a_key_may_do_no_more_than_its_user(api: AdminApi) -> None:
    other = api.new_person("admin")
    assert api.call("POST", "/clients", {"name": "x"}, key=other.key).status == 201
    api.ok("PATCH", f"/users/{other.id}", {"role": "technician"})
    api.refused(403, "POST", "/clients", {"name": "x"}, key=other.key)
    api.ok("PATCH", f"/users/{other.id}", {"active": False})
    api.refused(401, "GET", "/clients", key=other.key)


@pytest.mark.parametrize("route", ROUTES, ids=name_of)
def test_a_route_asks_for_the_role_that_the_surface_says(route: AnyRoute) -> None:
    assert route.role is needed(route)


@pytest.mark.parametrize(
    "authorization",
    [
        "",
        "Bearer",
        "Bearer ",
        "Bearer  ",
        "Bearer nonsense",
        "Bearer " + "x" * 5000,
        "Bearer tdm_the-first-admin-key-of-the-test",
        "Bearer TDM_THE-FIRST-ADMIN-KEY-OF-THE-TESTS",
        "Bearer tdm_the-first-admin-key-of-the-tests tdm_the-first-admin-key-of-the-tests",
        "Bearer tdm_the-first-admin-key-of-the-tests,",
        "tdm_the-first-admin-key-of-the-tests",
        "Basic tdm_the-first-admin-key-of-the-tests",
        "Basic dXNlcjpwYXNz",
        "Bearer ключ",
        "Bearer \ud800",
    ],
)
def test_what_is_no_key_is_401(refusing: AdminApi, authorization: str) -> None:
    response = refusing.call("GET", "/clients", key="", headers={"authorization": authorization})
    assert response.status == 401
    assert "first-admin-key" not in response.text


@pytest.mark.parametrize("header", ["authorization", "Authorization", "AUTHORIZATION"])
@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_header_and_scheme_are_known_in_any_letter_case(refusing: AdminApi, header: str, scheme: str) -> None:
    headers = {header: f"  {scheme}   {refusing.key}  "}
    assert refusing.call("GET", "/clients", key="", headers=headers).status == 200


def test_the_hash_of_a_key_is_no_key(refusing: AdminApi) -> None:
    hashes = [item["key_hash"] for (pk, _), item in refusing.stored().items() if pk == "APIKEY"]
    assert hashes
    for each in hashes:
        assert refusing.call("GET", "/clients", key=each).status == 401
