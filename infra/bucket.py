"""The tenant's one bucket: what is too much for the table."""

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_s3 as s3
from constructs import Construct

from infra.acknowledge import acknowledge
from infra.tenant import Tenant

ALERT_EVENTS = "alert-events/"
"""The archive of applied alert events, kept as long as the alerts themselves."""

POLLS = "polls/"
"""What polls listed, for the polls after them."""

SYNCS = "sync/"
"""What syncs of devices listed, for their own next steps."""

SOFTWARE = "software/"
"""The software inventory, an object for each page of a fleet. Every sync of software writes all of them anew, so what
gets old is an integration's that is gone."""

STREAM_FAILURES = "aws/lambda/"
"""Where Lambda puts the records of a stream that it gave up on (`aws/lambda/<mapping's id>/<shard>/<yyyy>/...`): AWS's
choice, which takes no prefix of ours. The object itself names the function."""

_KEPT = {
    ALERT_EVENTS: Duration.days(400),
    POLLS: Duration.days(3),
    SYNCS: Duration.days(3),
    SOFTWARE: Duration.days(400),
    STREAM_FAILURES: Duration.days(30),
}


class TandemBucket(Construct):
    """A private bucket; each prefix in it has its own age limit.

    It outlives the stack as the table does. Where the tenant file says "destroy", CloudFormation still refuses to
    delete a bucket that holds anything: empty it first.
    """

    def __init__(self, scope: Construct, construct_id: str, tenant: Tenant) -> None:
        super().__init__(scope, construct_id)
        retain = tenant.removal_policy == "retain"
        self.bucket = s3.Bucket(
            self,
            "Bucket",
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            # S3's own key: no charge a request, and no second permission to get right.
            encryption=s3.BucketEncryption.S3_MANAGED,
            enforce_ssl=True,
            # Everything is written once under a name of its own.
            versioned=False,
            lifecycle_rules=[
                s3.LifecycleRule(id=prefix.rstrip("/").replace("/", "-"), prefix=prefix, expiration=kept)
                for prefix, kept in _KEPT.items()
            ]
            + [s3.LifecycleRule(id="uploads", abort_incomplete_multipart_upload_after=Duration.days(1))],
            removal_policy=RemovalPolicy.RETAIN if retain else RemovalPolicy.DESTROY,
        )
        acknowledge(
            self.bucket,
            "AwsSolutions-S1",
            "Only the tenant's own functions and whoever operates the stack can reach it; a log of each request would "
            "need a second bucket and cost more than what it tells. CloudTrail's data events can be switched on.",
        )

    @property
    def name(self) -> str:
        """The bucket's name, as a token."""
        return self.bucket.bucket_name

    @property
    def arn(self) -> str:
        """The bucket's ARN, as a token."""
        return self.bucket.bucket_arn
