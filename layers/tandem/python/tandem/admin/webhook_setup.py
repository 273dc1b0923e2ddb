"""What an admin does in the RMM so that it sends its webhooks, with everything ready to be copied."""

from tandem.admin.schemas.integrations import SetupAction, SetupAnswer
from tandem.alerts.models import Provider
from tandem.providers.tacticalrmm.url_actions import url_actions

HEADER = "X-Tandem-Secret"
UNSHOWN = "<the webhook's secret>"
"""In place of a secret that was shown before; only its hash is kept."""

CALLBACK_PATH = "/oauth/ninjaone/callback"

_LEVEL_BODY = """{{"description": "...", "event": "{event}", "alert_id": "<alert id>", "device_id": "<device id>",
 "hostname": "...", "name": "<alert name>", "severity": "<severity>", "group_id": "<group id>", "group_name": "...",
 "{time}": "<time>"}}"""


def setup(provider: Provider, url: str, base_url: str, secret: str = UNSHOWN) -> SetupAnswer:
    """The steps for this provider. `url`: the webhook's."""
    if provider is Provider.TACTICALRMM:
        return _tactical(url, secret)
    if provider is Provider.LEVELIO:
        return _level(url, secret)
    return _ninjaone(url, base_url)


def _ninjaone(url: str, base_url: str) -> SetupAnswer:
    callback = base_url + CALLBACK_PATH
    return SetupAnswer(
        steps=[
            "Administration → Apps → API → Client App IDs: add a client app of the platform Web, with the scopes "
            f"monitoring and management, the grant types authorization code and refresh token, and the redirect URI "
            f"{callback}",
            "Give its client id, client secret and region as credentials, have the sign-in started (oauth/start), and "
            "sign in as a system administrator: Tandem registers its webhook itself.",
            "Without credentials: Administration → Apps → Notification Channels → Webhook, with the address "
            f"{url}?secret={UNSHOWN}, attached to the policies whose conditions should be tickets.",
        ],
        redirect_uri=callback,
        actions=[],
    )


def _tactical(url: str, secret: str) -> SetupAnswer:
    return SetupAnswer(
        steps=[
            "Settings → Global Settings → URL Actions: add the two actions below, type REST.",
            "Settings → Alerts Manager: in the alert template, choose the first as failure action and the second as "
            "resolved action.",
            "Assign the template to clients or policies: a client without one sends nothing.",
        ],
        redirect_uri=None,
        actions=[
            SetupAction(name=each.name, method=each.method, url=each.url, headers=each.headers, body=each.body)
            for each in url_actions(url, HEADER, secret)
        ],
    )


def _level(url: str, secret: str) -> SetupAnswer:
    headers = f'{{"Content-Type": "application/json", "{HEADER}": "{secret}"}}'
    bodies = (("alert_active", "started_at"), ("alert_resolved", "resolved_at"))
    return SetupAnswer(
        steps=[
            f"Settings → Webhooks: add the address {url} with the events alert_active and alert_resolved; for the sync "
            "of devices also those whose names begin with device_ and group_.",
            "Level shows the signing secret once: give it to the integration as signing_secret.",
            "Or, to have webhooks say the device's group: an automation's HTTP action for each of the two requests "
            "below, with Level's own variables for the values.",
        ],
        redirect_uri=None,
        actions=[
            SetupAction(
                name=f"Tandem ({event})",
                method="POST",
                url=url,
                headers=headers,
                body=_LEVEL_BODY.format(event=event, time=time),
            )
            for event, time in bodies
        ],
    )
