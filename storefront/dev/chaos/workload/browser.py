"""Browser: request a page or submit its form, without retries; read a received e-mail."""

from collections.abc import Mapping
from email import message_from_bytes
from pathlib import Path
from urllib.parse import urlencode

from storefront.dev.bench.harness.checkout_script import CSRF_FIELD, field_in
from storefront.dev.bench.harness.load import BadAnswerError
from storefront.dev.bench.harness.scripted_load import Answer, Ask, ask_once
from storefront.dev.chaos.instance.instance import Instance

NO_RESPONSE = Answer(status=0, body=b"")


def get(place: Instance, path: str) -> Answer:
    return _send(Ask(step=path, port=place.ports.web, path=path))


def post(place: Instance, path: str, form: Mapping[str, str], *, page: Answer) -> Answer:
    """Send a form of a page that was opened before."""
    whole = {**form, CSRF_FIELD: field_in(page.body, CSRF_FIELD)}
    body = urlencode(whole).encode()
    ask = Ask(step=path, port=place.ports.web, path=path, form=body, cookies=page.cookies)
    return _send(ask)


def _send(ask: Ask) -> Answer:
    try:
        return ask_once(ask)
    except (OSError, BadAnswerError):
        return NO_RESPONSE


def mail_text(file: Path) -> str:
    """Return subject and plain text of an e-mail."""
    message = message_from_bytes(file.read_bytes())
    parts = [one for one in message.walk() if one.get_content_type() == "text/plain"]
    texts = [bytes(one.get_payload(decode=True)).decode(errors="replace") for one in parts]
    return "\n".join([str(message["Subject"]), *texts])
