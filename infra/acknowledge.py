"""Acknowledges single cdk-nag findings, each with its reason."""

from aws_cdk import Acknowledgment, Validations
from constructs import IConstruct


def acknowledge(construct: IConstruct, finding: str, reason: str) -> None:
    """Lets `finding` (a cdk-nag rule, with its `[detail]` if it has one) pass on `construct`, because of `reason`."""
    Validations.of(construct).acknowledge(Acknowledgment(id=finding, reason=reason))
