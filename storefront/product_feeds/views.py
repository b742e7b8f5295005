"""Product feed view: send the file of a feed to its reader."""

from datetime import datetime

from django.core.files.storage import storages
from django.http import FileResponse, Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.views.decorators.http import condition, require_safe

from storefront.product_feeds.models import ProductFeed

CONTENT_TYPES = {
    "xml": "application/xml; charset=utf-8",
    "tsv": "text/tab-separated-values; charset=utf-8",
    "csv": "text/csv; charset=utf-8",
}
MAX_AGE_S = 300


def _find(key: str, file_type: str) -> ProductFeed | None:
    return (
        ProductFeed.objects.filter(key=key, file_type=file_type, is_active=True)
        .exclude(file="")
        .first()
    )


def _built_at(_request: HttpRequest, key: str, file_type: str) -> datetime | None:
    found = _find(key, file_type)
    return None if found is None else found.built_at


@require_safe
@condition(last_modified_func=_built_at)
def show(_request: HttpRequest, key: str, file_type: str) -> HttpResponseBase:
    """Send the last file. Readers without the key cannot find it."""
    if (feed := _find(key, file_type)) is None:
        raise Http404
    try:
        file = storages["private"].open(feed.file)
    except FileNotFoundError as error:
        raise Http404 from error
    answer = FileResponse(file, content_type=CONTENT_TYPES[file_type])
    answer["Cache-Control"] = f"public, max-age={MAX_AGE_S}"
    answer["X-Robots-Tag"] = "noindex"
    answer["X-Content-Type-Options"] = "nosniff"
    return answer
