"""Webhook endpoint: receive the webhooks of suppliers, gateways and providers."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from storefront.webhooks import reception, sources, storage


@csrf_exempt
@require_POST
def receive(request: HttpRequest, source: str) -> HttpResponse:
    """Verify and store a webhook, and answer 200; a worker processes it later."""
    known_source = sources.find(source) or sources.decoy(source)
    if known_source is None:
        error = {"code": "unknown_source", "message": "There is no such source."}
        return JsonResponse({"error": error}, status=404)
    limit = reception.max_bytes(known_source)
    body = request.read(limit + 1)
    if len(body) > limit:
        answer = reception.refuse_size(known_source)
    else:
        answer = reception.receive_call(
            source=known_source,
            headers=request.headers,
            body=body,
            now=storage.database_time(),
        )
    if source == sources.TWILIO:  # it would send the text to the phone, as the shop's reply
        return HttpResponse(status=answer.status, content_type="text/plain; charset=utf-8")
    return JsonResponse(answer.content, status=answer.status, headers=answer.headers)
