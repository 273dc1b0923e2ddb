"""Syncs of devices as tables."""

from collections.abc import Sequence

from local.bench import devices
from local.bench.devices import FleetSync
from local.bench.fleet_vendor import PROGRAMS
from local.bench.tables import Table, goal

_WHAT = {
    "first": "first sync",
    "unchanged": "last seen, reboot, user, free space moved",
    "changed": f"and {devices.CHANGED:.0%} renamed",
    "software": f"software, {PROGRAMS} programs each",
    "software again": "software again, nothing changed",
}


def tables(measured: Sequence[FleetSync]) -> list[Table]:
    """Whole syncs, what they asked the RMM for, and single devices."""
    syncs = [each for each in measured if each.what != "refresh"]
    refreshes = [each for each in measured if each.what == "refresh"]
    shown = [_syncs(syncs), _requests([*syncs, *refreshes])]
    return [*shown, _refreshes(refreshes)] if refreshes else shown


def is_met(sync: FleetSync) -> bool:
    """Memory is flat, the RMM is asked for listings only, and what changes all the time costs no write a device."""
    met = sync.longest < devices.GOAL_LONGEST_SECONDS
    met = met and sync.peak_mb < devices.GOAL_MB and sync.total_requests <= devices.GOAL_REQUESTS * sync.devices
    if sync.what == "unchanged":
        reads, writes = sync.reads / sync.devices, sync.writes / sync.devices
        return met and reads <= devices.GOAL_READS and writes <= devices.GOAL_WRITES
    return met


def _syncs(measured: Sequence[FleetSync]) -> Table:
    rows: list[tuple[str, ...]] = [
        (
            f"{_fleet(each)}: {_WHAT[each.what]}",
            f"{each.seconds:.1f} s",
            f"{each.devices / each.seconds:,.0f}",
            f"{each.cpu_seconds:.1f} s",
            f"{each.longest:.1f} s",
            f"{each.peak_mb:.0f} MB",
            f"{each.total_requests:,}",
            f"{each.calls_of('dynamodb'):,}",
            f"{each.reads / each.devices:.3f}",
            f"{each.writes / each.devices:.3f}",
            f"{each.calls_of('s3'):,}",
            goal(is_met(each)),
        )
        for each in measured
    ]
    return Table(
        "Syncs of devices",
        (
            "sync",
            "time",
            "devices/s",
            "computing",
            "longest message",
            "peak memory",
            "RMM requests",
            "DynamoDB calls",
            "RRU a device",
            "WRU a device",
            "S3 calls",
            "goal",
        ),
        rows,
        (
            f"Goals: below {devices.GOAL_MB} MB; no message above {devices.GOAL_LONGEST_SECONDS:.0f} s; no request for "
            f"a single device (at most {devices.GOAL_REQUESTS:g} requests a device, which are pages of 100 and more); "
            f"where nothing changed but what moves all the time, at most {devices.GOAL_READS:g} RRU and "
            f"{devices.GOAL_WRITES:g} WRU a device.",
            "One worker, one message after the other; the deployed queue lets several work side by side. The real "
            "function and clients, in a process of their own, of "
            f"{max((each.idle_mb for each in measured), default=0):.0f} MB before its first message; no simulator "
            "has a rate limit. Time is the emulator's and the simulators' too, on the same processors.",
            "WRU: of the table and its indexes, by item size; a transaction counts twice.",
        ),
    )


def _requests(measured: Sequence[FleetSync]) -> Table:
    """First syncs and single devices stand for all: others ask the same."""
    kept = [each for each in measured if each.what in ("first", "software", "refresh")]
    rows: list[tuple[str, ...]] = [
        (
            f"{_fleet(each)}: {'one device' if each.what == 'refresh' else each.what}" if not place else "",
            path,
            f"{count:,}",
        )
        for each in kept
        for place, (path, count) in enumerate(sorted(each.requests.items()))
    ]
    return Table("What was asked of the RMM", ("sync", "path", "requests"), rows)


def _refreshes(measured: Sequence[FleetSync]) -> Table:
    rows: list[tuple[str, ...]] = [
        (
            each.provider,
            f"{each.total_requests}",
            f"{each.calls_of('dynamodb')}",
            f"{each.reads:.0f}",
            f"{each.writes:.0f}",
            f"{each.seconds * 1000:.0f} ms",
        )
        for each in measured
    ]
    return Table(
        "One device that was renamed is asked for anew",
        ("vendor", "RMM requests", "DynamoDB calls", "RRU", "WRU", "time, cold"),
        rows,
        ("Most of the units are the page of the fleet that the device stands on, with its 250 to 500 others.",),
    )


def _fleet(sync: FleetSync) -> str:
    return f"{sync.provider}, {sync.devices:,}"
