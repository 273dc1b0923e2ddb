"""Tactical RMM's devices; the port is connections/fleet.py. Sources: tactical-live.md; vendors.md 2.3.

Agents and software come as one bare array each, read row by row. Agents name their client only, so the clients are
asked for first: names of clients are unique on a server. The beta API is not asked: it is off as shipped, and its rows
have neither status nor client.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Final
from urllib.parse import quote

from tandem.assets.models import Device, Facts
from tandem.connections.calls import Call
from tandem.connections.errors import Forbidden, NotFound
from tandem.connections.fleet import (
    DevicePart,
    OrganizationListed,
    PartPage,
    RemoteAccess,
    SoftwarePage,
    Source,
    Unreadable,
)
from tandem.connections.http import VendorHttp
from tandem.providers.api_alerts import fields_of, identifier
from tandem.providers.fleet_values import in_pages, in_software_pages
from tandem.providers.tacticalrmm import fleet_mapping

AGENTS: Final = Source("agents", is_devices=True)
SOFTWARE: Final = Source("software", optional=True)

_SHORTEST_AGENT_ID = 21
"""The paths of an agent have a pattern; what does not fit it is answered by a web page."""


class TacticalFleet:
    """One Tactical RMM server's agents."""

    sources: tuple[Source, ...] = (AGENTS,)
    patch_sources: tuple[Source, ...] = ()
    software_sources: tuple[Source, ...] = (SOFTWARE,)

    def __init__(self, http: VendorHttp, integration_id: str) -> None:
        self._http = http
        self._integration_id = integration_id
        self._known_clients: Mapping[str, str] | None = None

    def organizations(self) -> Iterator[OrganizationListed]:
        """The clients, each followed by its sites, which are places of it; `site:` stands before a site's number, for
        clients have numbers, too."""
        for row in self._http.rows(_get("/clients/")):
            yield from fleet_mapping.organizations(row)

    def pages(self, source: str, after: str | None) -> Iterator[PartPage]:
        """`/agents/`, from its beginning, whatever `after` is."""
        _expect(source, AGENTS)
        return in_pages(self._parts())

    def restarts(self, source: str) -> bool:
        """Both listings are one answer each."""
        return source in (AGENTS.name, SOFTWARE.name)

    def software_pages(self, source: str, after: str | None) -> Iterator[SoftwarePage]:
        """`/software/`, from its beginning. It knows agents by a number of the database, which `/agents/?detail=false`
        tells; agents of which it has no list are left out."""
        _expect(source, SOFTWARE)
        agent_ids = self._agent_ids()
        rows = self._http.rows(_get("/software/"))
        return in_software_pages(fleet_mapping.programs(row, agent_ids) for row in rows)

    def device(self, external_id: str) -> Device | None:
        """`/agents/<agent_id>/`, which has what the listing lacks: memory, volumes, MAC addresses; and the counts of
        `patches_of`, unless the role may not see updates. Raises BadReply if it cannot be read."""
        row = self._about("agents", external_id)
        if row is None:
            return None
        part = fleet_mapping.part(row, self._client_ids(), self._http.now())
        if isinstance(part, Unreadable) or part.external_id != external_id:
            problem = part.reason if isinstance(part, Unreadable) else "it is another agent"
            raise self._http.bad_reply(f"agent {external_id}: {problem}")
        facts = self._with_patches(external_id, part.facts)
        return Device(external_id, part.organization_id, part.organization_name, facts, part.seen)

    def patches_of(self, external_id: str) -> Facts | None:
        """`/winupdate/<agent_id>/`, of Windows agents; None of others."""
        updates = self._about("winupdate", external_id)
        if updates is None:
            return None
        if not isinstance(updates, list):
            raise self._http.bad_reply("an agent's updates are no list")
        return fleet_mapping.patches(updates)

    def remote_access(self, external_id: str) -> RemoteAccess:
        """The agent's page on the dashboard, which asks for a sign-in of its own. The API does not tell where the
        dashboard is: as installed, it is at `rmm.` where the API is at `api.`. Raises NotFound for other addresses."""
        first, _, rest = self._http.host.partition(".")
        if first.lower() != "api" or not rest:
            raise NotFound(
                f"Tandem cannot tell where the dashboard of {self._http.host} is: the API's address does not begin "
                "with “api.”, as Tactical RMM installs it. Open the device from the dashboard."
            )
        return RemoteAccess(f"https://rmm.{rest}/agents/{quote(external_id, safe='')}")

    # ---- within

    def _parts(self) -> Iterator[DevicePart | Unreadable]:
        client_ids, now = self._client_ids(), self._http.now()
        for row in self._http.rows(_get("/agents/")):
            yield fleet_mapping.part(row, client_ids, now)

    def _client_ids(self) -> Mapping[str, str]:
        if self._known_clients is None:
            known = (each for each in self.organizations() if not each.is_place)
            self._known_clients = {client.name: client.external_id for client in known}
        return self._known_clients

    def _agent_ids(self) -> Mapping[int, str]:
        rows = self._http.rows(Call("GET", "/agents/", {"detail": "false"}, repeatable=True))
        known = ((row.members.get("id"), identifier(row, "agent_id")) for row in fields_of(rows))
        return {number: agent_id for number, agent_id in known if isinstance(number, int) and agent_id is not None}

    def _with_patches(self, agent_id: str, facts: Facts) -> Facts:
        try:
            patches = self.patches_of(agent_id)
        except Forbidden:
            return facts
        if patches is None:
            return facts
        return replace(
            facts,
            patches_pending=patches.patches_pending,
            patches_failed=patches.patches_failed,
            has_patches_pending=patches.has_patches_pending,
        )

    def _about(self, what: str, agent_id: str) -> Any:
        """None if there is no such agent (any more)."""
        if len(agent_id) < _SHORTEST_AGENT_ID:
            return None
        try:
            return self._http.get(f"/{what}/{quote(agent_id, safe='')}/")
        except NotFound:
            return None


def _get(path: str) -> Call:
    return Call("GET", path, repeatable=True)


def _expect(source: str, known: Source) -> None:
    if source != known.name:
        raise ValueError(f"Tactical RMM has no listing {source!r}")
