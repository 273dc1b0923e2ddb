"""What SES answers, in the notifier's terms."""

from typing import Any

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from tandem.notifications.mail import MailNotSentError, MailRefusedError, SesMailer
from tandem.notifications.wording import Mail

MAIL = Mail("ada@example.com", "[T-1] Grüße", "text", "<p>html</p>")


class Ses:
    """Answers as it is told, and keeps what it was asked."""

    def __init__(self, fault: Exception | None = None) -> None:
        self.fault = fault
        self.requests: list[dict[str, Any]] = []

    def send_email(self, **request: Any) -> Any:
        self.requests.append(request)
        if self.fault is not None:
            raise self.fault
        return {"MessageId": "1"}


def answered(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "in SES's words"}}, "SendEmail")


def test_a_mail_is_text_and_html_from_the_sender_to_one_address() -> None:
    ses = Ses()
    SesMailer(ses, "tandem@example.com").send(MAIL)
    (request,) = ses.requests
    assert request["FromEmailAddress"] == "tandem@example.com"
    assert request["Destination"] == {"ToAddresses": ["ada@example.com"]}
    simple = request["Content"]["Simple"]
    assert simple["Subject"] == {"Data": "[T-1] Grüße", "Charset": "UTF-8"}
    assert (simple["Body"]["Text"]["Data"], simple["Body"]["Html"]["Data"]) == ("text", "<p>html</p>")


@pytest.mark.parametrize("code", ["MessageRejected", "BadRequestException", "MailFromDomainNotVerifiedException"])
def test_what_ses_will_never_take_is_refused_in_its_words(code: str) -> None:
    with pytest.raises(MailRefusedError, match="in SES's words"):
        SesMailer(Ses(answered(code)), "tandem@example.com").send(MAIL)


@pytest.mark.parametrize(
    "code",
    [
        "TooManyRequestsException",
        "LimitExceededException",
        "SendingPausedException",
        "AccountSuspendedException",
        "AccessDeniedException",
        "InternalFailure",
        "500",
    ],
)
def test_anything_else_passes_and_is_tried_again(code: str) -> None:
    with pytest.raises(MailNotSentError, match=code):
        SesMailer(Ses(answered(code)), "tandem@example.com").send(MAIL)


def test_no_answer_is_tried_again() -> None:
    with pytest.raises(MailNotSentError, match="ReadTimeoutError"):
        SesMailer(Ses(ReadTimeoutError(endpoint_url="x")), "tandem@example.com").send(MAIL)
