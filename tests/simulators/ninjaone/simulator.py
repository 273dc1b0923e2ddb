"""NinjaOne, simulated: `with NinjaOne() as ninjaone: ...`."""

from typing import Any
from urllib.parse import urlsplit

from tests.simulators.messages import Reply, Request, json_reply
from tests.simulators.ninjaone.api import NOT_ADMINISTRATOR, OTHER_PSA, Api
from tests.simulators.ninjaone.oauth import AuthorizationServer, Client, Rotation
from tests.simulators.ninjaone.rendering import Rendering
from tests.simulators.ninjaone.state import SYSTEM_ADMINISTRATOR, Alert, Device, Organization, Patches, State
from tests.simulators.ninjaone.webhooks import delivery
from tests.simulators.outbox import Delivery
from tests.simulators.simulator import Simulator, operation

CLIENT_ID = "simulated-client"
CLIENT_SECRET = "simulated-client-secret"
_REFUSALS = {"not_administrator": NOT_ADMINISTRATOR, "other_psa": OTHER_PSA}


class NinjaOne(Simulator):
    """One tenant. There is a client app already (CLIENT_ID, CLIENT_SECRET); say which redirect URIs it has.

    `first_id`: where ids of organizations, devices and activities begin, so that two runs against one Tandem differ.
    """

    name = "ninjaone"

    def __init__(
        self,
        *,
        redirect_uris: list[str] | None = None,
        first_id: int = 1,
        port: int = 0,
        seed: int | None = None,
    ) -> None:
        super().__init__(port=port, seed=seed)
        self.state = State(self.clock, self.random, first_id)
        self.rendering = Rendering(self.state)
        self.oauth = AuthorizationServer(self.clock, self.random, SYSTEM_ADMINISTRATOR)
        self.oauth.clients[CLIENT_ID] = Client(CLIENT_ID, CLIENT_SECRET, redirect_uris or [])
        self.api = Api(self.state, self.rendering, self.oauth, self.clock.epoch)

    # ---- the server

    def answer(self, request: Request) -> Reply:
        self.api.url = self.url
        return self.api.answer(request)

    def error(self, status: int) -> Reply:
        if status == 500:
            return self.api.failure(500, "NullPointerException")
        if status == 429:
            told = {"error": "too_many_requests", "error_description": "Too many requests", "error_code": 7}
            return json_reply(told, 429)
        return self.api.failure(status, f"HTTP {status}")

    def expired(self, request: Request) -> Reply:
        return self.api.invalid_token()

    def webhooks_due(self) -> list[Delivery]:
        happened, self.state.happened = self.state.happened, []
        return [
            delivery(activity, registration, self.state, self.rendering)
            for activity in happened
            for registration in self.api.registrations.values()
            if registration.wants(activity)
        ]

    def state_as_json(self) -> dict[str, Any]:
        return {
            "organizations": {each.id: each.name for each in self.state.organizations},
            "devices": len(self.state.devices),
            "first_devices": [self.rendering.device(each) for each in self.state.devices.after(None, 20)],
            "alerts": [self.rendering.alert(alert) for alert in self.state.alerts.values()],
            "webhooks": [urlsplit(each.url).path for each in self.api.registrations.values()],
            "refreshes": self.oauth.refreshes,
        }

    # ---- what can be done

    @operation
    def add_organization(self, name: str) -> Organization:
        """A new customer, with a location."""
        return self.state.add_organization(name)

    @operation
    def rename_organization(self, organization: int, name: str) -> Organization:
        """Gives a customer another name."""
        return self.state.rename_organization(organization, name)

    @operation
    def add_device(self, organization: int, name: str, node_class: str = "WINDOWS_SERVER") -> Device:
        """A new device (NODE_CREATED)."""
        return self.state.add_device(organization, name, node_class=node_class)

    @operation
    def rename_device(self, device: int, name: str) -> Device:
        """Gives a device another display name (NODE_UPDATED)."""
        return self.state.rename_device(device, name)

    @operation
    def move_device(self, device: int, organization: int) -> Device:
        """Moves a device to another customer (NODE_UPDATED)."""
        return self.state.move_device(device, organization)

    @operation
    def approve_device(self, device: int, status: str = "APPROVED") -> Device:
        """Sets the approval status (NODE_MANUALLY_APPROVED)."""
        return self.state.approve_device(device, status)

    @operation
    def remove_device(self, device: int) -> Device:
        """Removes a device and its alerts (NODE_DELETED)."""
        return self.state.remove_device(device)

    @operation
    def drift(self) -> int:
        """Every device that is not offline reports again: another last contact, boot time, user and free space."""
        return self.state.drift()

    @operation
    def overlay_device(self, device: int, members: dict[str, Any]) -> Device:
        """Members of a device's details as you want them, such as {"system": null}; {} for none."""
        return self.state.overlay(device, members)

    @operation
    def start_maintenance(self, device: int, seconds: float = 3600.0) -> Device:
        """No alerts of the device for so long."""
        return self.state.start_maintenance(device, seconds)

    @operation
    def set_offline(self, device: int, offline: bool = True) -> Device:
        """A device goes offline, or comes back, without an alert."""
        return self.state.set_offline(device, offline)

    @operation
    def set_hardware(self, device: int, serial_number: str | None = None, mac_address: str | None = None) -> Device:
        """Gives a device another serial number or hardware address; null leaves it as it is."""
        found = self.state.devices[device]
        found.serial_number = serial_number or found.serial_number
        found.mac_address = mac_address or found.mac_address
        self.state.devices.touch(device)
        return found

    @operation
    def set_tags(self, device: int, tags: list[str]) -> Device:
        """Gives a device these tags and no others."""
        found = self.state.devices[device]
        found.tags = tags
        self.state.devices.touch(device)
        return found

    @operation
    def set_patches(
        self,
        device: int,
        pending_os: int = 0,
        failed_os: int = 0,
        pending_software: int = 0,
        failed_software: int = 0,
    ) -> Device:
        """How many patches device-health counts for a device."""
        self.state.devices[device].patches = Patches(pending_os, failed_os, pending_software, failed_software)
        return self.state.devices[device]

    @operation
    def set_antivirus(self, device: int, products: list[tuple[str, str, str]]) -> Device:
        """Antivirus of a device: name, state (ON, OFF), state of the definitions (Up-to-Date, Out-of-Date)."""
        self.state.devices[device].antivirus = [(name, state, status) for name, state, status in products]
        return self.state.devices[device]

    @operation
    def install(self, device: int, programs: list[dict[str, Any]]) -> None:
        """These programs and no others: name, version, publisher, installDate (SOFTWARE_UPDATED)."""
        self.state.install(device, programs)

    @operation
    def fill_inventories(self, programs_each: int = 100) -> None:
        """So many programs on every device whose software was not set."""
        self.state.programs_each = programs_each

    @operation
    def expire_cursors(self) -> None:
        """Nobody can go on with a query that is under way."""
        self.api.expire_cursors()

    @operation
    def trigger(
        self, device: int, condition: str = "memory", severity: str | None = None, message: str | None = None
    ) -> Alert | None:
        """A condition is met (TRIGGERED): memory, cpu, disk, offline or event."""
        return self.state.trigger(device, condition, severity=severity, message=message)

    @operation
    def clear(self, alert: str) -> Alert:
        """The condition is no longer met (RESET)."""
        return self.state.clear(alert)

    @operation
    def acknowledge(self, alert: str, user: int = SYSTEM_ADMINISTRATOR) -> Alert:
        """A technician acknowledges an alert (ACKNOWLEDGED)."""
        return self.state.acknowledge(alert, user)

    @operation
    def reset(self, alert: str, user: int = SYSTEM_ADMINISTRATOR) -> Alert:
        """A technician resets an alert in the dashboard (RESET)."""
        return self.state.reset(alert, user)

    @operation
    def expire_tokens(self) -> None:
        """Access tokens expire now; refresh tokens stay valid."""
        self.oauth.expire_access_tokens()

    @operation
    def revoke_tokens(self) -> None:
        """Access and refresh tokens are worth nothing any more."""
        self.oauth.revoke_everything()

    @operation
    def rotate_refresh_tokens(self, how: str = "new") -> None:
        """What a refresh answers as refresh token: new, same or absent."""
        self.oauth.rotation = Rotation(how)

    @operation
    def refuse_webhooks(self, why: str | None = "not_administrator") -> None:
        """Registering a webhook is refused: not_administrator, other_psa, or null for no longer."""
        self.api.webhook_refusal = None if why is None else _REFUSALS[why]

    @operation
    def consent(self, how: str = "page") -> None:
        """The consent page answers by itself: allow or deny; page shows it."""
        self.api.consent = how

    @operation
    def add_redirect_uri(self, uri: str) -> None:
        """Registers a callback for the client app."""
        self.oauth.clients[CLIENT_ID].redirect_uris.append(uri)

    @operation
    def use_fields_of_2026(self, use: bool = True) -> None:
        """Alerts and webhooks carry severity and priority, as the newer specification says."""
        self.rendering.fields_of_2026 = use
        self.state.devices.touch_all()

    def token(self, scope: str = "monitoring management") -> str:
        """An access token with a person behind it, without the way through the browser."""
        with self.lock:
            client = self.oauth.clients[CLIENT_ID]
            code = self.oauth.code(client, "simulator", scope, None)
            form = {"grant_type": "authorization_code", "code": code, "redirect_uri": "simulator"}
            identified = {**form, "client_id": client.id, "client_secret": client.secret}
            return str(self.oauth.token(identified, None)["access_token"])
