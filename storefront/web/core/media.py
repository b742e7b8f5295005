"""Media: serve pictures, guarantee artwork, logo and brand colors with permanent caching.

The name of a file changes with its content.
"""

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.views.decorators.http import require_safe
from django.views.static import serve

from storefront.identity.models import GuaranteeArtwork, ShopIdentity

FOREVER = "public, max-age=31536000, immutable"
LOGO_TYPES = {"svg": "image/svg+xml", "png": "image/png", "webp": "image/webp"}
# An SVG that is opened by itself runs no script.
SVG_POLICY = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
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
            "Content-Security-Policy": SVG_POLICY,
        },
    )


@require_safe
def logo(request: HttpRequest, digest: str) -> HttpResponse:  # noqa: ARG001 - a view
    row = ShopIdentity.objects.filter(logo_name__startswith=f"{digest}.").first()
    if row is None or row.logo is None:
        raise Http404
    return HttpResponse(
        bytes(row.logo),
        content_type=LOGO_TYPES[row.logo_name.rpartition(".")[2]],
        headers={"Cache-Control": FOREVER, "Content-Security-Policy": SVG_POLICY},
    )


@require_safe
def brand_colors(request: HttpRequest, accent: str, on_accent: str) -> HttpResponse:  # noqa: ARG001 - a view
    """Return the style sheet of the colors that its name holds; it reads no row."""
    rule = (
        f":root{{--accent:#{accent};--accent-strong:color-mix(in oklab,#{accent} 88%,#{on_accent});"
        f"--on-accent:#{on_accent}}}\n"
    )
    return HttpResponse(
        rule, content_type="text/css; charset=utf-8", headers={"Cache-Control": FOREVER}
    )
