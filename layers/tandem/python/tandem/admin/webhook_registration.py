"""The webhook that Tandem registers at NinjaOne itself, with its own address and secret."""

from dataclasses import replace
from datetime import timedelta

from tandem.admin.authentication import hash_of
from tandem.admin.connecting import OWN_SECONDS, AnyCall
from tandem.admin.integration_answers import webhook_url
from tandem.admin.references import the_integration
from tandem.admin.webhook_secrets import new_webhook_secret, old_secret
from tandem.admin.webhook_setup import HEADER
from tandem.alerts.models import Provider
from tandem.connections.errors import BadReply, Paced, TimeIsUp, Unreachable, VendorError, WrongAddress
from tandem.store.configuration.records import Integration, Status, WebhookSecret

OLD_LIVES = timedelta(hours=24)
"""How long the secret before is taken beside the new one: what is on its way must not be refused."""


def registers_itself(integration: Integration) -> bool:
    """Its RMM can be told where to send webhooks."""
    return integration.provider is Provider.NINJAONE and integration.status in (Status.CONNECTED, Status.ERROR)


_NOT_KNOWN = (
    "It is not known whether NinjaOne took the webhook: register it again. Until then Tandem polls, and takes what "
    "NinjaOne sends. What went wrong: "
)


def register(call: AnyCall, integration: Integration, secret: str) -> Integration:
    """Have NinjaOne send its webhooks with this secret, which is live already. The integration with what came of it:
    a refusal is shown on it, and polling goes on."""
    return _registered(call, integration, secret)[0]


def _registered(call: AnyCall, integration: Integration, secret: str) -> tuple[Integration, bool]:
    """The same, and whether NinjaOne may send with this secret from now on."""
    connections = call.services.connections()
    problem, may_be_used = None, True
    try:
        ninjaone = connections.open_ninjaone(integration, connections.deadline(OWN_SECONDS))
        ninjaone.register_webhook(webhook_url(call, integration), {HEADER: secret})
    except VendorError as error:
        may_be_used = _may_be_done(error)
        problem = f"{_NOT_KNOWN if may_be_used else ''}{error.to_who_asked()}"

    def record() -> Integration:
        present = the_integration(call)
        registered_at = call.now if problem is None else present.webhook_registered_at
        changed = replace(present, webhook_registered_at=registered_at, webhook_problem=problem)
        call.services.integrations.put(changed)
        return changed

    return call.services.table.retrying(record), may_be_used


def _may_be_done(error: VendorError) -> bool:
    """NinjaOne did not say no: an answer that is late or lost, or no answer that can be used, may have been a yes. So
    may that of an attempt before one that reached nobody."""
    if isinstance(error, Paced | WrongAddress):
        return False
    return isinstance(error, Unreachable | TimeIsUp | BadReply)


def register_anew(call: AnyCall) -> Integration:
    """The same with a secret of its own. The one that NinjaOne had lives for a day more; one that people were shown and
    set up by hand stays."""
    secret = new_webhook_secret()
    was_registered = False

    def begin() -> Integration:
        nonlocal was_registered
        present = the_integration(call)
        was_registered = present.webhook_registered_at is not None
        changed = replace(present, secret_hashes=(*present.secret_hashes, WebhookSecret(hash_of(secret), call.now)))
        call.services.integrations.put(changed)
        return changed

    registered, may_be_used = _registered(call, call.services.table.retrying(begin), secret)

    def settle() -> Integration:
        present = the_integration(call)
        mine = [each for each in present.secret_hashes if each.hash == hash_of(secret)]
        others = tuple(each for each in present.secret_hashes if each.hash != hash_of(secret))
        if registered.webhook_problem is not None:
            # NinjaOne goes on with the one that it has, which the last one is; if it did not say no, with either.
            hashes = (*mine, *others) if may_be_used else others
        elif was_registered:
            hashes = (*old_secret(others, call.now, OLD_LIVES), *mine)
        else:
            hashes = (*others[-1:], *mine)
        changed = replace(present, secret_hashes=hashes)
        call.services.integrations.put(changed)
        return changed

    return call.services.table.retrying(settle)
