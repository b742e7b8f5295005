"""Downloads: return content that a browser saves and never displays."""

from django.http import HttpResponse


def download(
    content: bytes, name: str, media_type: str, *, cache_control: str = "private, no-store"
) -> HttpResponse:
    return HttpResponse(
        content,
        content_type=media_type,
        headers={
            "Content-Disposition": f'attachment; filename="{name}"',
            # Even if displayed, it cannot run scripts.
            "Content-Security-Policy": "sandbox; default-src 'none'",
            "Cache-Control": cache_control,
        },
    )
