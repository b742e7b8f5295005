"""Media: serve product pictures and guarantee artwork with permanent caching.

The name of a file changes with its content.
"""

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.views.decorators.http import require_safe
from django.views.static import serve

from storefront.identity.models import GuaranteeArtwork

FOREVER = "public, max-age=31536000, immutable"
TYPES = {GuaranteeArtwork.Format.SVG: "image/svg+xml", GuaranteeArtwork.Format.PNG: "image/png"}


@require_safe
def media(request: HttpRequest, path: str) -> HttpResponseBase:
    response = serve(request, path, document_root=str(settings.MEDIA_ROOT))
    response.headers["Cache-Control"] = FOREVER
    return response


@require_safe
def guarantee_artwork(request: HttpRequest, digest: str) -> HttpResponse:  # noqa: ARG001 - a view
    row = GuaranteeArtwork.objects.filter(digest=digest).first()
    if row is None:
        raise Http404
    return HttpResponse(
        bytes(row.content),
        content_type=TYPES[GuaranteeArtwork.Format(row.format)],
        headers={
            "Cache-Control": FOREVER,
            # An SVG that is opened by itself runs no script.
            "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox",
        },
    )
