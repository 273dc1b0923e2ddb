"""The simulated NinjaOne: its paging, its three kinds of errors, its OAuth, its webhooks. Shapes are held against what
was observed where that is at hand."""

import base64
import hashlib
import json
import time
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tandem.alerts.models import AlertEvent, Kind
from tandem.providers.ninjaone.webhook import normalize
from tandem.providers.port import Delivery
from tandem.times import utc_now
from tests.simulators.ninjaone.conditions import CONDITIONS
from tests.simulators.ninjaone.oauth import Client
from tests.simulators.ninjaone.simulator import CLIENT_ID, CLIENT_SECRET, NinjaOne
from tests.simulators.receiver import Receiver
from tests.simulators.world import ninjaone as populate
from tests.unit.simulators.asking import HTTP, client
from tests.unit.simulators.shapes import differences
from tests.vendor_files import needs_vendor_files, payload

CALLBACK = "http://127.0.0.1:4711/callback"
IDENTITY = {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}


@pytest.fixture
def ninjaone(simulated_ninjaone: NinjaOne) -> NinjaOne:
    populate(simulated_ninjaone, organizations=3, devices=25)
    simulated_ninjaone.add_redirect_uri(CALLBACK)
    return simulated_ninjaone


@pytest.fixture
def api(ninjaone: NinjaOne) -> httpx.Client:
    return client(ninjaone.url, {"Authorization": f"Bearer {ninjaone.token()}"})


def _example(name: str) -> Any:
    return json.loads(payload(f"ninjaone/{name}"))


# ---- shapes


@needs_vendor_files
def test_devices_alerts_and_health_have_the_observed_shapes(ninjaone: NinjaOne, api: httpx.Client) -> None:
    parent = next(iter(ninjaone.state.devices)).id
    host = ninjaone.state.add_device(1, "esxi", node_class="VMWARE_VM_HOST", parent_device_id=parent)
    ninjaone.trigger(parent, "event")

    device = next(each for each in api.get("/v2/devices").json() if each["id"] == host.id)
    assert differences(device, _example("devices_list.observed.json")[0]) == []
    assert differences(api.get(f"/v2/device/{host.id}").json(), _example("device_detail_vmhost.observed.json")) == []
    alert = dict(api.get("/v2/alerts").json()[0])
    observed = _example("alerts_list.observed.json")[0]
    alert["data"]["message"]["params"] = observed["data"]["message"]["params"]
    assert differences(alert, observed) == []
    health = api.get("/v2/queries/device-health").json()
    assert differences(health, _example("device_health_query.observed.json")) == []


@needs_vendor_files
def test_the_alert_of_the_newer_specification_has_its_members(ninjaone: NinjaOne, api: httpx.Client) -> None:
    ninjaone.use_fields_of_2026()
    ninjaone.trigger(1, "cpu")

    alert, documented = dict(api.get("/v2/alerts").json()[0]), _example("alert_2026_fields.constructed.json")
    alert["data"] = {}

    assert differences(alert, documented) == []


@needs_vendor_files
def test_a_webhook_has_the_observed_shape(ninjaone: NinjaOne, api: httpx.Client) -> None:
    parent = 1
    child = ninjaone.state.add_device(1, "guest", parent_device_id=parent).id
    with Receiver() as receiver:
        _register(api, receiver, expand=["device", "organization", "location"])
        ninjaone.trigger(child)
        ninjaone.outbox.wait()
    body, observed = json.loads(receiver.received[-1].body), _example("webhook_condition_triggered.observed.json")
    for each in (body, observed):
        each["data"]["message"]["params"] = {}

    assert differences(body, observed) == []


@needs_vendor_files
def test_queries_errors_and_tokens_have_the_documented_shapes(ninjaone: NinjaOne, api: httpx.Client) -> None:
    software = api.get("/v2/queries/software", params={"pageSize": 2}).json()
    assert differences(software, _example("queries_software.constructed.json")) == []
    patches = api.get("/v2/queries/os-patches", params={"pageSize": 2}).json()
    assert differences(patches, _example("queries_os_patches.constructed.json")) == []
    ninjaone.faults.add("status", status=500)
    assert differences(api.get("/v2/devices").json(), _example("error_500_resultcode.observed.json")) == []
    alone = HTTP.post(f"{ninjaone.url}/ws/oauth/token", data={**IDENTITY, "grant_type": "client_credentials"}).json()
    documented = _example("token_response.constructed.json")
    del documented["refresh_token"]
    assert differences(alone, documented) == []


@needs_vendor_files
def test_the_conditions_have_types_that_the_specification_knows() -> None:
    from tests.vendor_files import PAYLOADS

    specification = (PAYLOADS.parent / "openapi" / "ninjaone-api-core-resources-2026.yaml").read_text()

    for condition in CONDITIONS.values():
        assert f"- {condition.source_type}\n" in specification


# ---- paging


def test_a_listing_is_a_bare_array_after_the_last_id(ninjaone: NinjaOne, api: httpx.Client) -> None:
    first = api.get("/v2/devices", params={"pageSize": 20}).json()
    second = api.get("/v2/devices", params={"pageSize": 20, "after": first[-1]["id"]}).json()

    assert [each["id"] for each in first + second] == list(range(1, 26))
    assert api.get("/api/v2/devices").json() == api.get("/v2/devices").json()


def test_a_walk_over_pages_goes_on_when_a_device_is_removed(ninjaone: NinjaOne, api: httpx.Client) -> None:
    first = api.get("/v2/devices", params={"pageSize": 10}).json()
    ninjaone.remove_device(first[-1]["id"])

    second = api.get("/v2/devices", params={"pageSize": 10, "after": first[-1]["id"]}).json()

    assert second[0]["id"] == first[-1]["id"] + 1


def test_alerts_have_no_pages(ninjaone: NinjaOne, api: httpx.Client) -> None:
    for device in range(1, 26):
        ninjaone.trigger(device)

    assert len(api.get("/v2/alerts", params={"pageSize": 3}).json()) == 25
    assert len(api.get("/v2/device/1/alerts").json()) == 1
    assert len(api.get("/v2/alerts", params={"df": "org = 1"}).json()) == 9


def test_device_filters(ninjaone: NinjaOne, api: httpx.Client) -> None:
    ninjaone.approve_device(2, "PENDING")

    assert [each["id"] for each in api.get("/v2/devices", params={"df": "status eq PENDING"}).json()] == [2]
    of_class = api.get("/v2/devices", params={"df": "org = 1 AND class in (MAC,LINUX_SERVER)"}).json()
    assert {each["nodeClass"] for each in of_class} <= {"MAC", "LINUX_SERVER"}
    assert api.get("/v2/devices", params={"df": "nonsense"}).status_code == 400


def test_a_query_goes_on_under_the_same_name_and_ends_without_more_rows(api: httpx.Client) -> None:
    rows: list[dict[str, Any]] = []
    names, name = set(), None
    while True:
        page = api.get("/v2/queries/software", params={"pageSize": 40} | ({"cursor": name} if name else {})).json()
        rows += page["results"]
        name = page["cursor"]["name"]
        names.add(name)
        if len(page["results"]) < 40:
            break

    assert len(names) == 1
    assert len(rows) == 25 * 5
    assert len({(row["deviceId"], row["name"]) for row in rows}) == len(rows)


def test_a_query_that_fits_on_a_page_has_no_cursor(api: httpx.Client) -> None:
    assert set(api.get("/v2/queries/device-health").json()) == {"results"}


def test_a_cursor_expires(ninjaone: NinjaOne, api: httpx.Client) -> None:
    cursor = api.get("/v2/queries/software", params={"pageSize": 3}).json()["cursor"]
    ninjaone.skew(601)

    answer = api.get("/v2/queries/software", params={"pageSize": 3, "cursor": cursor["name"]})

    assert answer.status_code == 400


def test_listings_can_be_half_and_repeat_themselves(ninjaone: NinjaOne, api: httpx.Client) -> None:
    ninjaone.faults.add("half_listing")
    ninjaone.faults.add("repeated_page")
    ninjaone.faults.add("missing_page")

    assert len(api.get("/v2/devices", params={"pageSize": 20}).json()) == 10
    assert api.get("/v2/devices", params={"pageSize": 5, "after": 20}).json()[0]["id"] == 1
    assert api.get("/v2/devices", params={"pageSize": 5, "after": 5}).json()[0]["id"] == 11


def test_a_repeated_page_of_a_query_never_ends(ninjaone: NinjaOne, api: httpx.Client) -> None:
    first = api.get("/v2/queries/software", params={"pageSize": 50}).json()
    ninjaone.faults.add("repeated_page", times=None)

    for _ in range(5):
        again = api.get("/v2/queries/software", params={"pageSize": 50, "cursor": first["cursor"]["name"]}).json()
        assert again["results"] == first["results"]
        assert again["cursor"]["name"] == first["cursor"]["name"]


# ---- activities, alerts


def test_activities_are_newest_first_and_told_from_an_id_on(ninjaone: NinjaOne, api: httpx.Client) -> None:
    before = api.get("/v2/activities").json()["lastActivityId"]
    alert = ninjaone.trigger(1)
    assert alert is not None
    ninjaone.acknowledge(alert.uid)
    ninjaone.clear(alert.uid)

    told = api.get("/v2/activities", params={"newerThan": before}).json()

    assert [each["statusCode"] for each in told["activities"]] == ["RESET", "ACKNOWLEDGED", "TRIGGERED"]
    assert {each["seriesUid"] for each in told["activities"]} == {alert.uid}
    assert told["lastActivityId"] == told["activities"][0]["id"]
    assert isinstance(told["activities"][0]["activityTime"], float)
    assert "severity" not in told["activities"][0]


def test_a_condition_that_is_met_again_is_the_same_alert_until_it_is_reset(ninjaone: NinjaOne) -> None:
    first, again = ninjaone.trigger(1), ninjaone.trigger(1)
    assert first is not None
    assert again is first
    ninjaone.clear(first.uid)
    later = ninjaone.trigger(1)
    assert later is not None
    assert later.uid != first.uid
    assert later.condition.uid == first.condition.uid


def test_reset_by_either_way_ends_the_alert_and_a_second_time_finds_nothing(
    ninjaone: NinjaOne, api: httpx.Client
) -> None:
    first, second = ninjaone.trigger(1), ninjaone.trigger(2)
    assert first is not None
    assert second is not None

    assert api.post(f"/v2/alert/{first.uid}/reset", json={}).status_code == 204
    assert api.delete(f"/v2/alert/{second.uid}").status_code == 204
    assert api.post(f"/v2/alert/{first.uid}/reset", json={}).status_code == 404
    assert api.get("/v2/alerts").json() == []


def test_maintenance_makes_no_alerts(ninjaone: NinjaOne) -> None:
    ninjaone.start_maintenance(1, 60)
    assert ninjaone.trigger(1) is None
    ninjaone.skew(61)
    assert ninjaone.trigger(1) is not None


def test_a_dashboard_url_is_given_or_redirected_to(api: httpx.Client) -> None:
    given_url = api.get("/v2/device/3/dashboard-url").json()

    assert given_url["expires"] > time.time()
    assert api.get("/v2/device/3/dashboard-url?redirect=true").headers["Location"] == given_url["url"]


def test_moving_and_renaming_show_at_once(ninjaone: NinjaOne, api: httpx.Client) -> None:
    api.get("/v2/devices")  # rendered and kept
    ninjaone.rename_device(1, "NEW")
    ninjaone.move_device(1, 2)

    device = api.get("/v2/devices", params={"pageSize": 1}).json()[0]

    assert (device["displayName"], device["organizationId"]) == ("NEW", 2)
    contact = device["lastContact"]
    ninjaone.drift()
    assert api.get("/v2/devices", params={"pageSize": 1}).json()[0]["lastContact"] != contact


# ---- OAuth


def _authorize(ninjaone: NinjaOne, **more: str) -> httpx.Response:
    parameters = {
        "response_type": "code",
        "client_id": CLIENT_ID,
        "redirect_uri": CALLBACK,
        "scope": "monitoring management offline_access",
        "state": "s-1",
    }
    return HTTP.get(f"{ninjaone.url}/ws/oauth/authorize", params={**parameters, **more})


def _code(ninjaone: NinjaOne, **more: str) -> str:
    location = _authorize(ninjaone, decision="allow", **more).headers["Location"]
    carried = parse_qs(urlsplit(location).query)
    assert carried["state"] == ["s-1"]
    return carried["code"][0]


def _token(ninjaone: NinjaOne, **form: str) -> httpx.Response:
    return HTTP.post(f"{ninjaone.url}/ws/oauth/token", data={**IDENTITY, **form})


def _by_code(ninjaone: NinjaOne, code: str, **more: str) -> httpx.Response:
    return _token(ninjaone, grant_type="authorization_code", code=code, redirect_uri=CALLBACK, **more)


def test_a_person_consents_on_a_page_or_refuses(ninjaone: NinjaOne) -> None:
    page = _authorize(ninjaone)
    assert page.status_code == 200
    assert "decision=allow" in page.text

    denied = _authorize(ninjaone, decision="deny").headers["Location"]
    assert denied == f"{CALLBACK}?error=access_denied&state=s-1"
    ninjaone.consent("allow")
    assert _authorize(ninjaone).status_code == 302


def test_an_unknown_client_or_callback_is_never_redirected_to(ninjaone: NinjaOne) -> None:
    for parameters in ({"client_id": "x"}, {"redirect_uri": "http://127.0.0.1:1/other"}):
        answer = _authorize(ninjaone, decision="allow", **parameters)
        assert answer.status_code == 400
        assert "Location" not in answer.headers


def test_a_code_becomes_tokens_once_and_with_the_right_verifier(ninjaone: NinjaOne) -> None:
    verifier = "v" * 43
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    pkce = {"code_challenge": challenge, "code_challenge_method": "S256"}

    assert _by_code(ninjaone, _code(ninjaone, **pkce)).json()["error"] == "invalid_grant"
    assert _by_code(ninjaone, _code(ninjaone, **pkce), code_verifier="w" * 43).json()["error"] == "invalid_grant"
    code = _code(ninjaone, **pkce)
    issued = _by_code(ninjaone, code, code_verifier=verifier).json()
    assert issued["expires_in"] == 3600
    assert "refresh_token" in issued
    again = _by_code(ninjaone, code, code_verifier=verifier)
    assert (again.status_code, again.json()["error"]) == (400, "invalid_grant")


def test_a_code_lives_a_minute_and_belongs_to_its_callback(ninjaone: NinjaOne) -> None:
    code = _code(ninjaone)
    wrong = _token(ninjaone, grant_type="authorization_code", code=code, redirect_uri="http://127.0.0.1:1/x")
    assert wrong.json()["error"] == "invalid_grant"
    late = _code(ninjaone)
    ninjaone.skew(61)
    assert _by_code(ninjaone, late).json()["error"] == "invalid_grant"


def test_without_offline_access_there_is_no_refresh_token(ninjaone: NinjaOne) -> None:
    assert "refresh_token" not in _by_code(ninjaone, _code(ninjaone, scope="monitoring")).json()


def test_a_refresh_token_changes_with_each_use(ninjaone: NinjaOne) -> None:
    first = _by_code(ninjaone, _code(ninjaone)).json()["refresh_token"]
    second = _token(ninjaone, grant_type="refresh_token", refresh_token=first).json()["refresh_token"]

    assert second != first
    assert _token(ninjaone, grant_type="refresh_token", refresh_token=first).json()["error"] == "invalid_grant"
    ninjaone.rotate_refresh_tokens("same")
    assert _token(ninjaone, grant_type="refresh_token", refresh_token=second).json()["refresh_token"] == second
    ninjaone.rotate_refresh_tokens("absent")
    assert "refresh_token" not in _token(ninjaone, grant_type="refresh_token", refresh_token=second).json()
    assert ninjaone.oauth.refreshes == 3


def test_tokens_expire_and_are_revoked(ninjaone: NinjaOne) -> None:
    issued = _by_code(ninjaone, _code(ninjaone)).json()

    def asked() -> httpx.Response:
        return HTTP.get(f"{ninjaone.url}/v2/alerts", headers={"Authorization": f"Bearer {issued['access_token']}"})

    assert asked().status_code == 200
    ninjaone.skew(3601)
    assert (asked().status_code, asked().json()["error"]) == (401, "invalid_token")
    HTTP.post(f"{ninjaone.url}/ws/oauth/revoke", data={**IDENTITY, "token": issued["refresh_token"]})
    refused = _token(ninjaone, grant_type="refresh_token", refresh_token=issued["refresh_token"])
    assert refused.json()["error"] == "invalid_grant"


def test_a_client_says_who_it_is_in_the_body_or_the_header(ninjaone: NinjaOne) -> None:
    form = {"grant_type": "client_credentials", "scope": "monitoring"}
    by_header = HTTP.post(f"{ninjaone.url}/ws/oauth/token", data=form, auth=(CLIENT_ID, CLIENT_SECRET))
    assert by_header.json()["scope"] == "monitoring"
    wrong = HTTP.post(f"{ninjaone.url}/ws/oauth/token", data=form, auth=(CLIENT_ID, "wrong"))
    assert (wrong.status_code, wrong.json()["error"]) == (401, "invalid_client")


def test_a_client_on_its_own_gets_no_refresh_token_and_may_run_no_script(ninjaone: NinjaOne) -> None:
    issued = _token(ninjaone, grant_type="client_credentials", scope="monitoring management offline_access").json()
    headers = {"Authorization": f"Bearer {issued['access_token']}"}
    script = {"type": "SCRIPT", "id": 146, "parameters": "-Force", "runAs": "system"}

    refused = HTTP.post(f"{ninjaone.url}/v2/device/1/script/run", headers=headers, json=script)

    assert "refresh_token" not in issued
    assert refused.json()["error"] == "user_context_required"
    assert refused.json()["error_code"] == 5
    person = {"Authorization": f"Bearer {ninjaone.token()}"}
    assert HTTP.post(f"{ninjaone.url}/v2/device/1/script/run", headers=person, json=script).status_code == 204


def test_a_scope_that_is_missing_is_named(ninjaone: NinjaOne) -> None:
    headers = {"Authorization": f"Bearer {ninjaone.token('monitoring')}"}

    refused = HTTP.put(f"{ninjaone.url}/v2/webhook", headers=headers, json={"url": "http://127.0.0.1:1/"})

    assert (refused.status_code, refused.json()["error"]) == (401, "insufficient_privileges")


def test_the_metadata_names_the_endpoints(ninjaone: NinjaOne) -> None:
    told = HTTP.get(f"{ninjaone.url}/.well-known/oauth-authorization-server").json()

    assert told["token_endpoint"] == f"{ninjaone.url}/ws/oauth/token"


# ---- webhooks


def _register(api: httpx.Client, receiver: Receiver, **more: Any) -> httpx.Response:
    body = {"url": receiver.url, "headers": [{"name": "X-Tandem-Secret", "value": "s3cret"}], **more}
    return api.put("/v2/webhook", json=body)


def test_a_registered_webhook_is_sent_with_its_header_and_what_it_expands(
    ninjaone: NinjaOne, api: httpx.Client
) -> None:
    with Receiver() as receiver:
        assert _register(api, receiver, activities={"CONDITION": ["TRIGGERED", "RESET"]}).status_code == 204
        alert = ninjaone.trigger(1)
        assert alert is not None
        ninjaone.acknowledge(alert.uid)
        ninjaone.rename_device(1, "NEW")
        assert api.post(f"/v2/alert/{alert.uid}/reset", json={}).status_code == 204
        ninjaone.outbox.wait()
        assert api.delete("/v2/webhook").status_code == 204
        ninjaone.trigger(1)
        ninjaone.outbox.wait()

    bodies = [json.loads(each.body) for each in receiver.received]
    assert [each["statusCode"] for each in bodies] == ["TRIGGERED", "RESET"]
    assert bodies[0]["status"] == "Triggered"
    assert bodies[0]["data"]["message"]["code"] != bodies[1]["data"]["message"]["code"]
    assert "device" not in bodies[0]
    assert receiver.received[0].headers["x-tandem-secret"] == "s3cret"


def test_the_organization_is_told_only_in_the_device(ninjaone: NinjaOne, api: httpx.Client) -> None:
    with Receiver() as receiver:
        _register(api, receiver, expand=["device", "organization"], organizationIds=[2])
        ninjaone.trigger(1)  # of organization 1
        ninjaone.trigger(2)
        ninjaone.outbox.wait()

    (body,) = [json.loads(each.body) for each in receiver.received]
    assert "organizationId" not in body
    assert body["device"]["organizationId"] == 2
    assert body["device"]["references"]["organization"]["name"] == "Globex & Sons"


def test_devices_are_told_of(ninjaone: NinjaOne, api: httpx.Client) -> None:
    with Receiver() as receiver:
        _register(api, receiver, activities={"SYSTEM": ["NODE_CREATED", "NODE_UPDATED", "NODE_DELETED"]})
        device = ninjaone.add_device(1, "WS-91").id
        ninjaone.move_device(device, 2)
        ninjaone.remove_device(device)
        ninjaone.outbox.wait()

    codes = [json.loads(each.body)["statusCode"] for each in receiver.received]
    assert codes == ["NODE_CREATED", "NODE_UPDATED", "NODE_DELETED"]


@pytest.mark.parametrize(
    ("why", "text"),
    [
        ("not_administrator", "Only system administrators can configure webhooks"),
        ("other_psa", "Different PSA is already configured"),
    ],
)
def test_a_webhook_may_be_refused(ninjaone: NinjaOne, api: httpx.Client, why: str, text: str) -> None:
    ninjaone.refuse_webhooks(why)

    answer = api.put("/v2/webhook", json={"url": "http://127.0.0.1:1/"})

    assert (answer.status_code, answer.json()["errorMessage"]) == (403, text)


def test_each_client_app_has_a_webhook_of_its_own(ninjaone: NinjaOne, api: httpx.Client) -> None:
    ninjaone.oauth.clients["other"] = Client("other", "secret")
    form = {"grant_type": "client_credentials", "scope": "monitoring management"}
    other = HTTP.post(f"{ninjaone.url}/ws/oauth/token", data=form, auth=("other", "secret")).json()
    with Receiver() as ours, Receiver() as theirs:
        _register(api, ours)
        headers = {"Authorization": f"Bearer {other['access_token']}"}
        HTTP.put(f"{ninjaone.url}/v2/webhook", headers=headers, json={"url": theirs.url})
        ninjaone.trigger(1)
        ninjaone.outbox.wait()

    assert len(ours.received) == len(theirs.received) == 1


def test_webhooks_can_be_lost_doubled_and_out_of_order(ninjaone: NinjaOne, api: httpx.Client) -> None:
    with Receiver() as receiver:
        _register(api, receiver, activities={"CONDITION": []})
        ninjaone.webhooks(lose=True)
        ninjaone.trigger(1)
        ninjaone.webhooks(copies=2)
        ninjaone.trigger(2)
        ninjaone.outbox.wait()
        assert len(receiver.received) == 2
        ninjaone.webhooks()
        ninjaone.hold_webhooks()
        alert = ninjaone.trigger(3)
        assert alert is not None
        ninjaone.clear(alert.uid)
        assert ninjaone.release_webhooks(in_reverse=True) == 2
        ninjaone.outbox.wait()

    assert [json.loads(each.body)["statusCode"] for each in receiver.received[2:]] == ["RESET", "TRIGGERED"]
    assert [each.lost for each in ninjaone.outbox.deliveries] == [True, False, False, False]


def test_a_webhook_goes_to_this_machine_only(ninjaone: NinjaOne, api: httpx.Client) -> None:
    api.put("/v2/webhook", json={"url": "http://192.0.2.1/webhooks"})
    ninjaone.trigger(1)

    (sent,) = ninjaone.outbox.wait()

    assert sent.attempts[0].status is None
    assert "this machine only" in sent.attempts[0].text


@given(condition=st.sampled_from(sorted(CONDITIONS)), newer=st.booleans())
def test_tandem_reads_every_webhook(condition: str, newer: bool) -> None:
    ninjaone = NinjaOne(seed=1)
    organization = ninjaone.state.add_organization("Acme")
    device = ninjaone.state.add_device(organization.id, "WS-1").id
    ninjaone.rendering.fields_of_2026 = newer
    ninjaone.state.happened.clear()
    alert = ninjaone.state.trigger(device, condition)
    assert alert is not None
    ninjaone.state.acknowledge(alert.uid)
    ninjaone.state.clear(alert.uid)
    kinds = []
    for activity in ninjaone.state.happened:
        event = normalize(Delivery("i-1", json.dumps(ninjaone.rendering.activity(activity)), utc_now()))
        assert isinstance(event, AlertEvent)
        assert event.external_alert_id == alert.uid
        kinds.append(event.kind)

    assert kinds == [Kind.TRIGGERED, Kind.ACKNOWLEDGED, Kind.RESET]
