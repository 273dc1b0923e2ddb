"""The tenant's one table."""

from aws_cdk import RemovalPolicy
from aws_cdk import aws_dynamodb as dynamodb
from constructs import Construct

from infra.table_schema import INDEXES, PARTITION_KEY, SORT_KEY, TTL_ATTRIBUTE
from infra.tenant import Tenant


class TandemTable(Construct):
    """The table and the ARNs that grants on it name."""

    def __init__(self, scope: Construct, construct_id: str, tenant: Tenant) -> None:
        super().__init__(scope, construct_id)
        retain = tenant.removal_policy == "retain"
        self.table = dynamodb.Table(
            self,
            "Table",
            partition_key=_string(PARTITION_KEY),
            sort_key=_string(SORT_KEY),
            billing_mode=dynamodb.BillingMode.PAY_PER_REQUEST,
            time_to_live_attribute=TTL_ATTRIBUTE,
            stream=dynamodb.StreamViewType.NEW_AND_OLD_IMAGES,
            point_in_time_recovery_specification=dynamodb.PointInTimeRecoverySpecification(
                point_in_time_recovery_enabled=True
            ),
            # Encrypted with DynamoDB's own key: no charge a request, and no second permission to get right.
            encryption=dynamodb.TableEncryption.DEFAULT,
            deletion_protection=retain,
            removal_policy=RemovalPolicy.RETAIN if retain else RemovalPolicy.DESTROY,
        )
        for name, (partition, sort) in INDEXES.items():
            self.table.add_global_secondary_index(
                index_name=name,
                partition_key=_string(partition),
                sort_key=_string(sort),
                projection_type=dynamodb.ProjectionType.KEYS_ONLY,
            )

    @property
    def name(self) -> str:
        """The table's name, as a token."""
        return self.table.table_name

    @property
    def arn(self) -> str:
        """The table's ARN, as a token."""
        return self.table.table_arn

    @property
    def stream_arn(self) -> str:
        """The ARN of the table's stream, as a token."""
        arn = self.table.table_stream_arn
        if arn is None:
            raise LookupError("the table has no stream")
        return arn

    @property
    def index_arns(self) -> list[str]:
        """The ARN of each index: spelled out, so that no grant needs a wildcard."""
        return [f"{self.arn}/index/{name}" for name in INDEXES]


def _string(name: str) -> dynamodb.Attribute:
    return dynamodb.Attribute(name=name, type=dynamodb.AttributeType.STRING)
