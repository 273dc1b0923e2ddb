"""The port to the mailer, and Amazon SES behind it.

MailError
├── MailRefusedError    this mail will never be taken as it is: a person must look
└── MailNotSentError    not now: try again later
"""

from typing import Any, Protocol

from botocore.exceptions import BotoCoreError, ClientError

from tandem.notifications.wording import Mail

_REFUSALS = frozenset({"MessageRejected", "MailFromDomainNotVerifiedException", "BadRequestException"})
"""Of SES: an address that is none or is not verified, a mail that it takes for harmful, a sender that it does not know.

The documentation of SendEmail (SES API v2) lists them beside those that pass: TooManyRequestsException,
LimitExceededException, SendingPausedException, AccountSuspendedException."""


class MailError(Exception):
    """The mail was not sent; the text says why, in words."""


class MailRefusedError(MailError):
    """The mailer will never take this mail."""


class MailNotSentError(MailError):
    """The mailer cannot take this mail now, or did not answer."""


class Mailer(Protocol):
    """Who sends mails."""

    def send(self, mail: Mail) -> None:
        """Hand over one mail. Raises MailRefusedError and MailNotSentError."""
        ...


class SesClient(Protocol):
    """What is used of boto3's client for SES, API v2."""

    def send_email(self, **request: Any) -> Any:
        """Send one mail."""
        ...


class SesMailer:
    """Sends by Amazon SES from one address, in the name of Tandem.

    `client` must not repeat calls itself: SES knows no idempotency, so a repeated call may be a second mail.
    """

    def __init__(self, client: SesClient, sender: str) -> None:
        self._client = client
        self._sender = sender

    def send(self, mail: Mail) -> None:
        """Hand over one mail. Raises MailRefusedError and MailNotSentError."""
        try:
            self._client.send_email(
                FromEmailAddress=self._sender,
                Destination={"ToAddresses": [mail.to]},
                Content={
                    "Simple": {
                        "Subject": _content(mail.subject),
                        "Body": {"Text": _content(mail.text), "Html": _content(mail.html)},
                    }
                },
            )
        except ClientError as error:
            code = error.response.get("Error", {}).get("Code", "")
            if code in _REFUSALS:
                told = error.response.get("Error", {}).get("Message", "")
                raise MailRefusedError(f"SES refused the mail: {code}: {told}") from error
            raise MailNotSentError(f"SES did not take the mail: {code}") from error
        except BotoCoreError as error:
            raise MailNotSentError(f"no answer from SES: {type(error).__name__}") from error


def _content(text: str) -> dict[str, str]:
    return {"Data": text, "Charset": "UTF-8"}
