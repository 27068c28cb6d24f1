"""A page as a mail. It carries nothing to press: mail scanners open every link."""

import smtplib
import ssl
from dataclasses import dataclass, field
from email.message import EmailMessage

from tidewatch.domain.incident.call import Quiet
from tidewatch.ports.pager import Page, PagerRefused, PagerUnavailable

TIMEOUT = 10  # seconds of silence
PERMANENT = 500  # replies from here on mean: not this, never


@dataclass(frozen=True)
class Mail:
    host: str
    port: int
    sender: str
    user: str = ""
    password: str = field(default="", repr=False)
    starttls: bool = True
    trust: ssl.SSLContext | None = field(default=None, repr=False)  # by default the machine's certificates

    @property
    def name(self) -> str:
        return "mail"

    def page(self, page: Page) -> str:
        message = self._written(page)
        try:
            self._send(message)
        except smtplib.SMTPRecipientsRefused as error:
            codes = [code for code, _ in error.recipients.values()]
            if min(codes) >= PERMANENT:
                raise PagerRefused(f"the mail server knows no such address (SMTP {codes[0]})") from None
            raise PagerUnavailable(f"the mail server did not take it for now (SMTP {codes[0]})") from None
        except smtplib.SMTPResponseException as error:
            raise PagerUnavailable(f"the mail server did not take it (SMTP {error.smtp_code})") from None
        except smtplib.SMTPNotSupportedError:
            raise PagerUnavailable("the mail server offers no STARTTLS, or no login") from None
        except ssl.SSLError:
            raise PagerUnavailable("the mail server's certificate is not trusted") from None
        except (OSError, smtplib.SMTPException):
            raise PagerUnavailable("the mail server cannot be reached, or broke off") from None
        return str(message["Message-ID"])

    def quiet(self, page: Page, how: Quiet) -> None:
        """Nothing rings on; another mail would only ring again."""

    def _written(self, page: Page) -> EmailMessage:
        if not page.person.email:
            raise PagerRefused(f"people.yaml has no email for {page.person.id}")
        message = EmailMessage()
        message["Subject"] = " ".join(page.subject.split())
        message["From"], message["To"] = self.sender, page.person.email
        message["Message-ID"] = f"<{page.id}@{self.sender.partition('@')[2]}>"
        message["Auto-Submitted"], message["X-Priority"] = "auto-generated", "1"
        message.set_content(page.text)
        return message

    def _send(self, message: EmailMessage) -> None:
        with smtplib.SMTP(self.host, self.port, timeout=TIMEOUT) as server:
            if self.starttls:
                server.starttls(context=self.trust or ssl.create_default_context())
            if self.user:
                server.login(self.user, self.password)
            server.send_message(message)
