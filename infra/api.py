"""The HTTP API: its routes, throttles, access log and, if the tenant has one, its own domain."""

import json
from typing import cast

from aws_cdk import RemovalPolicy
from aws_cdk import aws_apigatewayv2 as apigateway
from aws_cdk import aws_certificatemanager as acm
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk.aws_apigatewayv2_integrations import HttpLambdaIntegration
from constructs import Construct

from infra.acknowledge import acknowledge
from infra.function_maker import log_group_name
from infra.tenant import Tenant

WEBHOOK_PATH = "/webhooks/{integration_id}"
WEBHOOK_ROUTE = f"POST {WEBHOOK_PATH}"
ADMIN_PATH = "/api/v1/{proxy+}"
SIGN_IN_PATH = "/oauth/ninjaone/{page}"

ACCESS_LOG_FIELDS = {
    "time": "$context.requestTime",
    "request_id": "$context.requestId",
    "route": "$context.routeKey",
    "method": "$context.httpMethod",
    "path": "$context.path",
    "status": "$context.status",
    "source_ip": "$context.identity.sourceIp",
    "response_bytes": "$context.responseLength",
    "latency_ms": "$context.responseLatency",
    "integration_latency_ms": "$context.integrationLatency",
    "error": "$context.error.message",
    "integration_error": "$context.integrationErrorMessage",
}
"""Beside the tenant's name. No query string and no header: a webhook's secret may be in either."""


class Api(Construct):
    """The API itself; `connect` gives it its routes once there are functions to route to."""

    def __init__(self, scope: Construct, construct_id: str, tenant: Tenant) -> None:
        super().__init__(scope, construct_id)
        self._tenant = tenant
        self.http_api = apigateway.HttpApi(
            self,
            "HttpApi",
            api_name=f"tandem-{tenant.name}",
            description=f"Tandem of {tenant.name}: webhooks and the admin API",
            create_default_stage=False,
            # A tenant's own domain is the only way in, where it has one.
            disable_execute_api_endpoint=tenant.custom_domain is not None,
        )
        self.domain = self._custom_domain()

    @property
    def endpoint(self) -> str:
        """The address that clients use, without a slash at the end, as a token."""
        if self._tenant.custom_domain:
            return f"https://{self._tenant.custom_domain.name}"
        return self.http_api.api_endpoint

    def connect(self, *, webhook_ingest: lambda_.IFunction, admin_api: lambda_.IFunction) -> None:
        """Adds the routes, and the stage that throttles and logs them."""
        routes = [
            *self.http_api.add_routes(
                path=WEBHOOK_PATH,
                methods=[apigateway.HttpMethod.POST],
                integration=HttpLambdaIntegration("Webhook", webhook_ingest),
            ),
            *self.http_api.add_routes(
                path=ADMIN_PATH,
                methods=[apigateway.HttpMethod.ANY],
                integration=HttpLambdaIntegration("Admin", admin_api),
            ),
            *self.http_api.add_routes(
                path=SIGN_IN_PATH,
                methods=[apigateway.HttpMethod.GET],
                integration=HttpLambdaIntegration("SignIn", admin_api),
            ),
        ]
        reasons = (
            "webhook_ingest checks the sender's own secret or signature: RMMs know no other way to authenticate.",
            "admin_api checks the caller's API key and role; an authorizer would add a call and could know no more.",
            "A browser that signs in to NinjaOne has no API key; admin_api checks its ticket, then state and cookie.",
        )
        for route, reason in zip(routes, reasons, strict=True):
            acknowledge(route, "AwsSolutions-APIG4", reason)
        stage = self._stage()
        # The stage's settings name a route, which must be there first.
        stage.node.add_dependency(*routes)
        if self.domain:
            mapping = apigateway.CfnApiMapping(
                self,
                "Mapping",
                api_id=self.http_api.api_id,
                domain_name=self.domain.name,
                stage=stage.stage_name,
            )
            mapping.node.add_dependency(stage)

    def _stage(self) -> apigateway.HttpStage:
        self.access_log = logs.LogGroup(
            self,
            "AccessLog",
            log_group_name=log_group_name(self._tenant, "access"),
            retention=logs.RetentionDays[self._tenant.logs.retention_days.name],
            removal_policy=RemovalPolicy.DESTROY,
        )
        throttle = self._tenant.throttle
        stage = apigateway.HttpStage(
            self,
            "Stage",
            http_api=self.http_api,
            stage_name="$default",
            auto_deploy=True,
            throttle=apigateway.ThrottleSettings(rate_limit=throttle.admin_rate, burst_limit=throttle.admin_burst),
        )
        settings = cast("apigateway.CfnStage", stage.node.default_child)
        settings.access_log_settings = apigateway.CfnStage.AccessLogSettingsProperty(
            destination_arn=self.access_log.log_group_arn,
            format=json.dumps({"tenant": self._tenant.name, **ACCESS_LOG_FIELDS}),
        )
        settings.route_settings = {
            WEBHOOK_ROUTE: {
                "ThrottlingRateLimit": throttle.webhook_rate,
                "ThrottlingBurstLimit": throttle.webhook_burst,
            }
        }
        return stage

    def _custom_domain(self) -> apigateway.DomainName | None:
        wanted = self._tenant.custom_domain
        if wanted is None:
            return None
        return apigateway.DomainName(
            self,
            "Domain",
            domain_name=wanted.name,
            certificate=acm.Certificate.from_certificate_arn(self, "Certificate", wanted.certificate_arn),
            security_policy=apigateway.SecurityPolicy.TLS_1_2,
        )
