"""Routes of an integration's connection: tried, ended, its webhook registered."""

from tandem.admin.calls import Answer, Call, Route, Routes
from tandem.admin.connecting import TRIAL_SECONDS, end_connection
from tandem.admin.integration_answers import integration_answer
from tandem.admin.problems import conflict
from tandem.admin.references import the_integration
from tandem.admin.schemas.base import NoBody, NoQuery
from tandem.admin.schemas.integrations import IntegrationAnswer, TestAnswer
from tandem.admin.webhook_registration import register_anew, registers_itself
from tandem.connections.errors import VendorError
from tandem.store.configuration.records import Role, Status
from tandem.store.configuration.statuses import IntegrationStatuses


def test_connection(call: Call[NoBody, NoQuery]) -> Answer:
    """Whether the RMM answers."""
    integration = the_integration(call)
    if not integration.has_credentials:
        raise conflict("the integration has no credentials to ask the RMM with")
    connections = call.services.connections()
    try:
        account = connections.open(integration, connections.deadline(TRIAL_SECONDS)).check()
    except VendorError as error:
        return Answer(TestAnswer(ok=False, account=None, version=None, message=error.to_who_asked()))
    if integration.status != Status.CONNECTED:
        IntegrationStatuses(call.services.table, call.services.integrations).works(integration.integration_id)
    return Answer(TestAnswer(ok=True, account=account.name, version=account.version, message=None))


def disconnect(call: Call[NoBody, NoQuery]) -> Answer:
    """The integration without credentials. Doing it again finishes what was left half-done."""
    integration = the_integration(call)
    if integration.credentials is None and integration.status != Status.DISCONNECTED:
        raise conflict("the integration is not connected")
    return Answer(integration_answer(call, end_connection(call, integration)))


def register_webhook(call: Call[NoBody, NoQuery]) -> Answer:
    """NinjaOne's webhook, with a new secret."""
    if not registers_itself(the_integration(call)):
        raise conflict("only a connected NinjaOne lets Tandem register its webhook; set it up as `setup` says")
    return Answer(integration_answer(call, register_anew(call)))


_ONE = "/integrations/{integration_id}"
_TAG = "Integrations"

ROUTES: Routes = (
    Route(
        "POST",
        f"{_ONE}/test",
        "Try the connection",
        Role.ADMIN,
        test_connection,
        TestAnswer,
        _TAG,
        description="One request that needs the credentials. `message` says what to do if it fails.",
        conflicts="the integration has no credentials",
    ),
    Route(
        "POST",
        f"{_ONE}/disconnect",
        "Disconnect from the RMM",
        Role.ADMIN,
        disconnect,
        IntegrationAnswer,
        _TAG,
        description="Credentials, tokens, schedule and a webhook that Tandem registered itself are removed; alerts, "
        "tickets and assets stay, and so does the webhook's address. What could not be removed at the RMM is in "
        "`webhook_registration`, with what to do about it.",
        conflicts="the integration is not connected",
    ),
    Route(
        "POST",
        f"{_ONE}/webhook/register",
        "Register the webhook at NinjaOne",
        Role.ADMIN,
        register_webhook,
        IntegrationAnswer,
        _TAG,
        description="With a new secret; the one that NinjaOne had lives for a day more. What NinjaOne says against it "
        "is in `webhook_registration`.",
        conflicts="the integration is no connected NinjaOne",
    ),
)
