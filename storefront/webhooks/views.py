"""Webhook endpoint: verify a signature, store the payload, acknowledge it, queue its processing.

It is the only inbound endpoint for webhooks. Payloads are processed later; here they are parsed
only to set the priority.
"""

import logging

from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from storefront.lib.failpoints import failpoint
from storefront.lib.security.webhook_signing import (
    ExpiredTimestampError,
    InvalidHeadersError,
    InvalidSignatureError,
)
from storefront.lib.tasks import enqueue
from storefront.webhooks import sources, storage
from storefront.webhooks.tasks import process

log = logging.getLogger(__name__)

MAX_BYTES = 64 * 1024


@csrf_exempt
@require_POST
def receive(request: HttpRequest, source: str) -> HttpResponse:
    """Verify and store a webhook, and answer 200; a worker processes it later."""
    known_source = sources.find(source) or sources.decoy(source)
    if known_source is None:
        return _answer("There is no such source.", status=404)
    body = request.read(MAX_BYTES + 1)
    if len(body) > MAX_BYTES:
        return _answer("Too large: 64 KB at most.", status=413)
    now = storage.database_time()
    try:
        external_id = known_source.verify(headers=request.headers, body=body, now=now)
    except InvalidHeadersError as error:
        return _refuse(source, error, status=400)
    except (InvalidSignatureError, ExpiredTimestampError) as error:
        return _refuse(source, error, status=401)
    if not external_id:
        return _answer("Thank you, we are here.", status=200)
    call, is_new = storage.store(source=source, external_id=external_id, body=body, now=now)
    failpoint("hook.after_commit")
    if is_new:
        enqueue(process, call_id=call.pk)
    # Twilio would send the text to the phone, as the shop's reply.
    return _answer("" if source == sources.TWILIO else "Thank you.", status=200)


def _refuse(source: str, error: ValueError, *, status: int) -> HttpResponse:
    log.warning("a call from %s was refused: %s", source, error)
    return _answer(f"Refused: {error}.", status=status)


def _answer(text: str, *, status: int) -> HttpResponse:
    return HttpResponse(text, status=status, content_type="text/plain; charset=utf-8")
