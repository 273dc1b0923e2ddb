"""The route of webhooks that led to nothing: refused, ignored or failed, and why."""

from tandem.admin.calls import Answer, Call, Route, Routes
from tandem.admin.ingest_log import MOST, LogError
from tandem.admin.problems import unavailable
from tandem.admin.references import the_integration
from tandem.admin.schemas.base import NoBody
from tandem.admin.schemas.deliveries import DeliveriesAnswer, DeliveriesQuery, DeliveryAnswer
from tandem.store.configuration.records import Role


def list_deliveries(call: Call[NoBody, DeliveriesQuery]) -> Answer:
    """The last ones, newest first."""
    integration_id = the_integration(call).integration_id
    try:
        deliveries = call.services.ingest_log.last_deliveries(integration_id, call.query.before or call.now)
    except LogError as error:
        raise unavailable(f"{error}; try again") from error
    items = [
        DeliveryAnswer(
            received_at=each.at,
            outcome=each.outcome,
            status=each.status,
            reason=each.reason,
            field=each.field,
            event=each.event,
        )
        for each in deliveries.found
    ]
    return Answer(DeliveriesAnswer(items=items, searched_from=deliveries.searched_from))


ROUTES: Routes = (
    Route(
        "GET",
        "/integrations/{integration_id}/deliveries",
        "List refused and ignored webhooks",
        Role.VIEWER,
        list_deliveries,
        DeliveriesAnswer,
        "Integrations",
        query=DeliveriesQuery,
        description=f"The last {MOST} webhooks that led to nothing, with the reason, from the log: some seconds late, "
        "and as far back as logs are kept. A search takes a few seconds at most; where `searched_from` is not null, "
        "there may be older ones: ask again with it as `before`. Webhooks that API Gateway itself turned away (429) "
        "are not among them.",
    ),
)
