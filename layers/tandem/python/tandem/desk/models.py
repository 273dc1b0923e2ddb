from tandem.alerts.tickets import *  # noqa: F403  moved; goes away when nobody imports it
