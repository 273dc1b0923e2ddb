"""Tells the story: sets up, sends, waits for the outcome, shows it."""

import sys
import time
from datetime import UTC, datetime, timedelta

import httpx
from rich.console import Console

from local import state, up
from local.demo import connected as calling
from local.demo import fleet, setup, show, vendors
from local.demo.api import Api, KeyRefusedError, RefusedError
from local.demo.story import DemoError, Story, until
from local.terminal import INTERRUPTED

FIRST_CHAPTER = "--first-chapter"
"""Tells no more than that: after it, a maintenance window's end is waited for."""

NIGHT_SECONDS = 25
SURFACES_WITHIN_SECONDS = 150.0
"""A window's end is looked for every minute."""


def main(arguments: list[str]) -> int:
    """Run the demo; the exit code."""
    console = Console(highlight=False)
    code = up.main()
    if code != 0:
        return code
    stack = state.stack_address()
    if stack is None:
        raise DemoError(f"{state.shown(state.STACK_FILE)} is gone again: another `make down`?")
    api = Api(stack.api_url, stack.admin_key)
    run = vendors.Run(int(time.time()) % 10_000_000)
    with show.progress(console) as say:
        say("creating clients")
        client_ids = setup.clients(api)
        connected = setup.integrations(api, client_ids, say)
    ticket = first_chapter(console, Story(api, connected), run, client_ids)
    if FIRST_CHAPTER not in arguments:
        story, told = Story(api, connected), vendors.night(run)
        night(console, story, told, client_ids)
        console.print("\nMeanwhile, the other way: Tandem calls the RMMs itself. These are simulated ones.")
        with show.progress(console) as say:
            lines = calling.tell(api, run.number, client_ids["Acme"], say)
        show.lines(console, "Connected RMMs", lines)
        console.print("\nAnd their machines: whose they are, and what is known of them.")
        fleet.tell(console, api, run.number)
        morning(console, story, told, client_ids)
    for name in setup.changed(api, connected):
        console.print(f"{name} has other rules now than the demo gave it; those decided.", markup=False)
    show.closing(console, stack.api_url, state.STACK_FILE, ticket)
    return 0


def first_chapter(console: Console, story: Story, run: vendors.Run, client_ids: dict[str, str]) -> str | None:
    """The three RMMs' webhooks become tickets. Gives the id of the first of them."""
    with show.progress(console) as say:
        for tell in (vendors.ninjaone, vendors.tacticalrmm, vendors.levelio):
            story.send(tell(run), say)
        say("waiting for the outcome")
        story.alerts()
        say("mapping the organization that an alert waits for")
        setup.map_organization(story.api, story.connected["ninjaone"], "9", "Initech", client_ids["Globex"])
        until(lambda: not any(alert["needs_mapping"] for alert in story.alerts()), "no alert waits for its mapping")
        alerts, tickets = story.alerts(), story.tickets()
    show.deliveries(console, story.sent)
    show.alerts(console, "Alerts: what became of each, and why", alerts, tickets)
    show.tickets(console, tickets, {client_id: name for name, client_id in client_ids.items()})
    first = min(tickets, key=lambda ticket: str(ticket["number"]), default=None)
    return first["id"] if first else None


def night(console: Console, story: Story, told: vendors.Night, client_ids: dict[str, str]) -> None:
    """A maintenance window begins and holds what fires; a person begins to work on one of the tickets."""
    console.print("\nA night later: Umbrella is being patched, for a few seconds only.")
    with show.progress(console) as say:
        ends_at = datetime.now(UTC) + timedelta(seconds=NIGHT_SECONDS)
        setup.patch_night(story.api, client_ids["Umbrella"], ends_at)
        story.send(told.fires.values(), say)
        ticket_id = story.alert(told.fires["worked on"].alert)["ticket_id"]
        if ticket_id is not None:  # rules that somebody changed may make none
            say("a technician comments on one of the tickets")
            story.api.post(f"/tickets/{ticket_id}/comments", {"body": "Looking into it.", "internal": True})
        story.send(told.clears.values(), say)
        story.alerts()


def morning(console: Console, story: Story, told: vendors.Night, client_ids: dict[str, str]) -> None:
    """The window has let go of what still fires; an untouched ticket closed by itself, the one that somebody works on
    stayed."""
    ill = told.fires["patched, ill"].alert
    console.print("\nThe next morning, when the window has ended.")
    with show.progress(console) as say:
        say("waiting for the window to end, and for the sweep that runs each minute")
        until(
            lambda: story.alert(ill)["status"] != "suppressed",
            "what still fires surfaces after its maintenance window",
            SURFACES_WITHIN_SECONDS,
        )
        alerts, tickets = story.alerts(), story.tickets()
    show.alerts(console, "That night: what was held, what closed by itself", alerts, tickets)
    show.tickets(console, tickets, {client_id: name for name, client_id in client_ids.items()})


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyRefusedError:
        sys.stderr.write(
            f"demo: the first admin's key in {state.shown(state.STACK_FILE)} was deleted, and the demo has no other.\n"
            "`TANDEM_HOME=<another folder> make demo` shows it on a stack of its own; `make reset` wipes this one.\n"
        )
        sys.exit(1)
    except (DemoError, RefusedError) as error:
        sys.stderr.write(f"demo: {error}\n")
        sys.exit(1)
    except httpx.HTTPError as error:
        sys.stderr.write(f"demo: the stack does not answer ({error}); `make up` starts it again\n")
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
