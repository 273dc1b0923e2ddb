"""A run of patches: one page of the fleet a message. What was listed is written; of an RMM that tells of patches only
device by device, it is asked first.

Asked are the devices of which the RMM says that patches wait, or does not say it and could (Windows). What does not get
its turn before the time is up goes on in another message; what was asked is kept in the bucket, so that no device is
asked twice. The RMM's own rate is kept by its client.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from tandem.assets.models import Asset, Device, FleetPage, Presence
from tandem.assets.order import sort_key
from tandem.assets.pages import Scope
from tandem.connections.errors import BadReply, Paced, ServerFailed, TimeIsUp
from tandem.connections.fleet import Fleet, Unreadable
from tandem.syncing.applying import write_listed
from tandem.syncing.page_objects import read_page
from tandem.syncing.part_codec import Row, decode, encode
from tandem.syncing.staging import patched_key
from tandem.syncing.tools import Task, Tools

MOST_FAILURES = 5
"""Of devices one after another: then it is the RMM that fails, and not they."""

_BEATS_EACH = 50
_WINDOWS = "windows"


@dataclass(slots=True)
class _Asked:
    """`last`: the last device that was asked about. `is_whole`: no other is left; else the rest has to `wait` so many
    seconds."""

    rows: list[Device | Unreadable] = field(default_factory=list)
    last: str | None = None
    is_whole: bool = True
    wait: int = 0


def patch_page(tools: Tools, task: Task) -> None:
    """Do a `page` message of a run of patches. Raises VendorError, StagingUnavailableError, QueueError, SyncStop,
    StoreErrors."""
    head, rows = read_page(tools.staging, task.run, task.message.number)
    if not head.was_asked:
        asked = _ask_page(tools, task, head.begins)
        if asked is None:
            return
        rows = asked
    write_listed(tools, task, head, Scope.PATCHES, rows)


def _ask_page(tools: Tools, task: Task, begins: str) -> list[Row] | None:
    """What the RMM tells of the page's devices; None while it is to go on in another message."""
    run, message = task.run, task.message
    page = tools.fleets.page(run.integration_id, begins, consistent=True)
    if page.run_id == run.run_id:
        return []  # the page is written; what was said of it is of no importance any more
    left = [each for each in _to_ask(tools, page) if message.after is None or _place(each) > _place(message.after)]
    asked = _ask(tools, task, left)
    parts = message.part
    if asked.rows:
        key = patched_key(run.integration_id, run.run_id, message.number, message.part)
        tools.staging.write(key, map(encode, asked.rows))
        parts += 1
    if asked.is_whole:
        keys = [patched_key(run.integration_id, run.run_id, message.number, part) for part in range(parts)]
        return [decode(line) for key in keys for line in tools.staging.read(key)]
    tools.queue.send([replace(message, after=asked.last, part=parts)], asked.wait)
    return None


def _to_ask(tools: Tools, page: FleetPage) -> list[str]:
    """External ids, in the fleet's order."""
    asset_ids = {
        entry.external_id: entry.asset_id
        for entry in page.entries.values()
        if entry.asset_id is not None and entry.presence is Presence.LISTED
    }
    assets = tools.assets.several(asset_ids.values(), consistent=False)
    return sorted(
        (
            external_id
            for external_id, asset_id in asset_ids.items()
            if (asset := assets.get(asset_id)) is not None and _may_have_some(asset, page.integration_id, external_id)
        ),
        key=_place,
    )


def _may_have_some(asset: Asset, integration_id: str, external_id: str) -> bool:
    for device in asset.devices:
        if (device.integration_id, device.external_id) == (integration_id, external_id):
            said = device.facts.has_patches_pending
            return said or (said is None and (device.facts.provider_class or "").lower().startswith(_WINDOWS))
    return False


def _place(external_id: str) -> tuple[str, str]:
    return sort_key(external_id), external_id


def _ask(tools: Tools, task: Task, external_ids: Iterable[str]) -> _Asked:
    """As many as there is time for. Raises VendorError if the RMM itself fails, TimeIsUp if it was too slow for even
    one."""
    fleet: Fleet | None = None
    asked = _Asked(last=task.message.after)
    failed = 0
    for number, external_id in enumerate(external_ids, 1):
        fleet = fleet or tools.fleet(task)
        try:
            facts = fleet.patches_of(external_id)
        except TimeIsUp as error:
            if number == 1 and not isinstance(error, Paced):
                raise
            asked.is_whole, asked.wait = False, int(error.retry_after or 0) + 1
            break
        except (BadReply, ServerFailed) as error:
            failed += 1
            if failed == MOST_FAILURES:
                raise
            asked.rows.append(Unreadable(external_id, f"its patches: {error}"))
        else:
            failed = 0
            if facts is not None:
                asked.rows.append(Device(external_id, facts=facts))
        asked.last = external_id
        if number % _BEATS_EACH == 0:
            tools.beat(task.run)
    return asked
