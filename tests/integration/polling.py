"""A tenant whose one integration is polled: table, queue, bucket, processor, and the vendor's simulator behind its real
client."""

import time
import uuid
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from tandem.alert_queue import AlertEventQueue
from tandem.alerts.models import AlertEvent, Provider
from tandem.connections.address import AddressRule
from tandem.connections.advice import Advice
from tandem.connections.authorization import Authorization
from tandem.connections.calls import Around as RequestsAround
from tandem.connections.http import VendorHttp
from tandem.connections.limits import Deadline, Limits, RateLimit
from tandem.connections.rmm import Rmm
from tandem.connections.transport import checked_transport
from tandem.connections.vendors import VENDORS
from tandem.ids import new_id
from tandem.polling.listings import BucketListings
from tandem.polling.poller import Poller
from tandem.polling.report import Report
from tandem.polling.work import Around, PollWork
from tandem.processing.processor import Message
from tandem.providers.levelio import api as levelio
from tandem.providers.levelio.sentences import ADVICE as LEVEL
from tandem.providers.ninjaone import api as ninjaone
from tandem.providers.ninjaone.sentences import ADVICE as NINJAONE
from tandem.providers.tacticalrmm import api as tacticalrmm
from tandem.providers.tacticalrmm.sentences import ADVICE as TACTICAL
from tandem.store import keys
from tandem.store.beliefs import Beliefs
from tandem.store.codec import encode_item
from tandem.store.configuration.integrations import Integrations
from tandem.store.configuration.records import Integration
from tandem.store.configuration.table import ConfigurationTable
from tandem.store.polls import Polls, PollState
from tandem.times import utc_now
from tests.integration.deployment import EVERYTHING_RULE, configuration_changed, configure, messages, of_kind, processor
from tests.simulators.levelio import simulator as level_simulator
from tests.simulators.levelio.simulator import Level
from tests.simulators.ninjaone import simulator as ninjaone_simulator
from tests.simulators.ninjaone.simulator import NinjaOne
from tests.simulators.tacticalrmm import simulator as tactical_simulator
from tests.simulators.tacticalrmm.simulator import TacticalRmm
from tests.unit.polling.world import MemorySchedules

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sqs import SQSClient

Simulated = NinjaOne | TacticalRmm | Level

# The waits between attempts are not what is tested here.

HERE = AddressRule(may_be_private=True, may_be_this_machine=True)
_LIMITS = Limits(RateLimit(100_000, timedelta(seconds=1)), first_wait=0.001, longest_wait=0.002)
CLOSING_RULE = {**EVERYTHING_RULE, "actions": {"create_ticket": True, "auto_resolve_ticket": True}}


def provider_of(simulator: Simulated) -> Provider:
    """The vendor that it plays."""
    if isinstance(simulator, NinjaOne):
        return Provider.NINJAONE
    return Provider.TACTICALRMM if isinstance(simulator, TacticalRmm) else Provider.LEVELIO


def opened(simulator: Simulated, integration_id: str, deadline: Deadline) -> Rmm:
    """The vendor's real client on the simulator."""
    return VENDORS[provider_of(simulator)].client(http_of(simulator, deadline), integration_id)


def http_of(simulator: Simulated, deadline: Deadline) -> VendorHttp:
    """Requests to the simulator, with credentials that it takes."""
    if isinstance(simulator, NinjaOne):
        return _http(simulator.url, NINJAONE, ninjaone.authorization(_OneToken(_ninjaone_token(simulator))), deadline)
    if isinstance(simulator, TacticalRmm):
        return _http(simulator.url, TACTICAL, tacticalrmm.key_authorization(tactical_simulator.API_KEY), deadline)
    return _http(simulator.url, LEVEL, levelio.authorization(level_simulator.API_KEY), deadline)


def _http(url: str, advice: Advice, authorize: Authorization, deadline: Deadline) -> VendorHttp:
    return VendorHttp(
        url,
        advice=advice,
        authorize=authorize,
        limits=_LIMITS,
        deadline=deadline,
        around=RequestsAround(checked_transport(HERE)),
        rule=HERE,
    )


def _ninjaone_token(simulator: NinjaOne) -> str:
    form = {
        "grant_type": "client_credentials",
        "client_id": ninjaone_simulator.CLIENT_ID,
        "client_secret": ninjaone_simulator.CLIENT_SECRET,
        "scope": "monitoring management",
    }
    return str(simulator.oauth.token(form, None)["access_token"])


class _OneToken:
    """A token, and no other."""

    def __init__(self, token: str) -> None:
        self._token = token

    def token(self) -> str:
        return self._token

    def invalidate(self, token: str) -> bool:
        return False


class PolledTenant:
    """One integration, connected to a simulator, with the organization of `add_customer` mapped to a client."""

    def __init__(
        self,
        dynamodb: "DynamoDBClient",
        sqs: "SQSClient",
        s3: "S3Client",
        *,
        table: str,
        queue_url: str,
        simulator: Simulated,
    ) -> None:
        self.dynamodb, self.sqs, self.table, self.queue_url, self.simulator = dynamodb, sqs, table, queue_url, simulator
        self.integration_id = "integration-1"  # as tests/unit/providers/normalizing.py has it
        configure(dynamodb, table)
        self._put({**keys.rule_key(self.integration_id, "rule-1"), **CLOSING_RULE})
        integrations = Integrations(ConfigurationTable(dynamodb, table))
        integrations.put(
            Integration(self.integration_id, provider_of(simulator), "The RMM", "connected", utc_now(), simulator.url)
        )
        bucket = f"test-{uuid.uuid4().hex}"
        s3.create_bucket(Bucket=bucket)
        self.schedules = MemorySchedules()
        self.polls = Polls(dynamodb, table)
        self.processor = processor(dynamodb, table)
        beliefs = Beliefs(dynamodb, table)
        self.queue = AlertEventQueue(lambda: sqs, queue_url)
        self.work = PollWork(
            integrations=integrations,
            statuses=self,
            polls=self.polls,
            opening=self,
            poller=Poller(beliefs, BucketListings(lambda: s3, bucket), self.queue, utc_now),
            beliefs=beliefs,
            queue=self.queue,
            schedules=self.schedules,
            around=Around(utc_now, time.monotonic, new_id),
        )

    def open(self, integration: Integration, deadline: Deadline) -> Rmm:
        return opened(self.simulator, integration.integration_id, deadline)

    def works(self, integration_id: str) -> None:
        raise NotImplementedError

    def map(self, organization: str) -> None:
        """The RMM's customer is the client c1."""
        key = keys.organization_key(self.integration_id, organization)
        self._put({**key, "external_id": organization, "name": "Acme Corp", "client_id": "c1"})
        configuration_changed(self.dynamodb, self.table)

    def poll(self, seconds: float = 60) -> Report:
        """One poll, and all that follows from it."""
        report = self.work.poll(self.integration_id, seconds)
        self.process()
        return report

    def hear(self, *events: AlertEvent) -> None:
        """The processor gets these events of webhooks."""
        for result in self.processor.process(messages(events)):
            assert (result.failed, result.parked) == (None, None)

    def process(self) -> int:
        """The processor takes what is queued."""
        count = 0
        while found := self.sqs.receive_message(
            QueueUrl=self.queue_url, MaxNumberOfMessages=10, MessageSystemAttributeNames=["All"]
        ).get("Messages"):
            taken = [
                Message(each["MessageId"], each["Body"], each["Attributes"]["MessageGroupId"], utc_now())
                for each in found
            ]
            for result in self.processor.process(taken):
                assert (result.failed, result.parked) == (None, None)
            for each in found:
                self.sqs.delete_message(QueueUrl=self.queue_url, ReceiptHandle=each["ReceiptHandle"])
            count += len(found)
        return count

    @property
    def state(self) -> PollState:
        return self.polls.state(self.integration_id, utc_now())

    def alerts(self) -> dict[str, dict[str, Any]]:
        """The items of all alerts by the RMM's ids."""
        return {each["external_alert_id"]: each for each in of_kind(self.dynamodb, self.table, "ALERT")}

    def statuses(self) -> list[str]:
        return sorted(each["status"] for each in self.alerts().values())

    def tickets(self) -> list[dict[str, Any]]:
        """The items of all tickets, in the order in which they were made."""
        found = [each for each in of_kind(self.dynamodb, self.table, "TICKET") if "number" in each]
        return sorted(found, key=lambda each: str(each["number"]))

    def _put(self, item: dict[str, Any]) -> None:
        self.dynamodb.put_item(TableName=self.table, Item=encode_item(item))
