"""A tenant's things as the API shows them. Sources: the observed payloads; the OpenAPI of 2026 for what they lack."""

import uuid
from typing import Any

from tests.simulators.ninjaone.hardware import ip_address, kind_of, mac_address
from tests.simulators.ninjaone.state import Activity, Alert, Device, Location, Organization, State


class Rendering:
    """`fields_of_2026`: severity, priority and the condition's name, which the newer specification has and the observed
    tenant did not send."""

    def __init__(self, state: State) -> None:
        self._state = state
        self.fields_of_2026 = False

    def organization(self, organization: Organization) -> dict[str, Any]:
        """Of `/v2/organizations`."""
        return {
            "name": organization.name,
            "description": organization.description,
            "userData": {},
            "nodeApprovalMode": organization.approval_mode,
            "id": organization.id,
        }

    def organization_detailed(self, organization: Organization) -> dict[str, Any]:
        """Of `/v2/organizations-detailed`."""
        locations = [_location(each) for each in self._state.locations_of(organization.id)]
        policies = [{"nodeRoleId": 201, "policyId": 43}, {"nodeRoleId": 202, "policyId": 44}]
        return {**self.organization(organization), "locations": locations, "policies": policies, "settings": {}}

    def location(self, location: Location) -> dict[str, Any]:
        """Of `/v2/locations`."""
        return {**_location(location), "organizationId": location.organization_id}

    def device(self, device: Device) -> dict[str, Any]:
        """Of `/v2/devices`."""
        shown: dict[str, Any] = {"id": device.id}
        if device.parent_device_id is not None:
            shown["parentDeviceId"] = device.parent_device_id
        shown |= {
            "organizationId": device.organization_id,
            "locationId": device.location_id,
            "nodeClass": device.node_class,
            "nodeRoleId": 201,
            "rolePolicyId": 43,
            "approvalStatus": device.approval_status,
            "offline": device.offline,
            "displayName": device.display_name,
            "systemName": device.system_name,
            "dnsName": f"{device.system_name}.corp.example",
            "created": device.created,
            "lastContact": device.last_contact,
            "lastUpdate": device.last_contact,
        }
        if self.fields_of_2026:
            shown["uid"] = str(uuid.UUID(int=device.id, version=4))
        if device.tags:
            shown["tags"] = device.tags
        if device.maintenance_until:
            shown["maintenance"] = {"status": "IN_MAINTENANCE", "end": device.maintenance_until}
        return shown

    def device_detailed(self, device: Device) -> dict[str, Any]:
        """Of `/v2/devices-detailed` and `/v2/device/{id}`: with the members of the device's kind."""
        return kind_of(device)(self.device(device) | _network(device), device) | (device.overlay or {})

    def alert(self, alert: Alert) -> dict[str, Any]:
        """Of `/v2/alerts`."""
        watched = alert.condition
        shown: dict[str, Any] = {
            "uid": alert.uid,
            "deviceId": alert.device_id,
            "message": alert.message,
            "createTime": alert.created,
            "updateTime": alert.updated,
            "sourceType": watched.source_type,
            "sourceConfigUid": watched.uid,
            "sourceName": watched.source_name,
            "subject": watched.subject,
            "data": {"message": {"code": watched.code, "params": alert.params}},
        }
        if alert.acknowledged_by is not None:
            shown["userId"] = alert.acknowledged_by
        if self.fields_of_2026:
            shown |= {
                "priority": alert.priority,
                "severity": alert.severity,
                "conditionName": watched.source_name,
                "conditionHealthStatus": "UNHEALTHY",
                "useGlobalHealthStatus": True,
            }
        return shown

    def activity(self, activity: Activity) -> dict[str, Any]:
        """Of `/v2/activities`, and a webhook's body without what it may expand. Of a condition the observed tenant
        sent neither severity nor priority."""
        members = dict(activity.members)
        if activity.activity_type == "CONDITION" and not self.fields_of_2026:
            del members["severity"], members["priority"]
        shown = {"id": activity.id, "activityTime": members.pop("activityTime"), "deviceId": activity.device_id}
        words = {
            "seriesUid": activity.series_uid,
            "activityType": activity.activity_type,
            "statusCode": activity.status_code,
        }
        return shown | words | members

    def references(self, device: Device) -> dict[str, Any]:
        """A device's organization and location, as a webhook expands them."""
        organization = self._state.organizations[device.organization_id]
        location = self._state.locations[device.location_id]
        return {
            "organization": {
                "name": organization.name,
                "nodeApprovalMode": organization.approval_mode,
                "id": organization.id,
            },
            "location": {"name": location.name, "id": location.id},
        }


def _location(location: Location) -> dict[str, Any]:
    return {"name": location.name, "address": location.address, "description": "", "userData": {}, "id": location.id}


def _network(device: Device) -> dict[str, Any]:
    return {"ipAddresses": [ip_address(device)], "macAddresses": [mac_address(device)]}
