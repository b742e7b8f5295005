"""Mailbox: list and show the e-mails that the shop sent, in development only."""

import email
from base64 import b64encode
from email import policy
from email.message import EmailMessage
from pathlib import Path

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.csp import csp_override
from django.views.decorators.http import require_safe

MAX_EMAILS = 200
FRAME = {
    "default-src": ["'none'"],
    "style-src": ["'unsafe-inline'"],
    "img-src": ["'self'", "data:", settings.PUBLIC_URL],
    "frame-ancestors": ["'self'"],
    "sandbox": ["allow-popups", "allow-popups-to-escape-sandbox"],
}


@never_cache
@require_safe
def mailbox(request: HttpRequest) -> HttpResponse:
    _require_local()
    paths = sorted(settings.MAILBOX_DIR.glob("*.eml"), key=_age, reverse=True)[:MAX_EMAILS]
    letters = [(path.stem, _letter(path)) for path in paths]
    return render(request, "dev/mailbox.html", {"letters": letters})


@never_cache
@require_safe
def letter(request: HttpRequest, name: str) -> HttpResponse:
    found = _letter(_path(name))
    return render(
        request,
        "dev/letter.html",
        {
            "name": name,
            "letter": found,
            "text": _part(found, "plain"),
            "has_html": bool(_part(found, "html")),
        },
    )


@never_cache
@require_safe
@xframe_options_sameorigin
@csp_override(FRAME)
def letter_html(_request: HttpRequest, name: str) -> HttpResponse:
    """Show the HTML part with its pictures, in a sandbox with its own content security policy."""
    letter = _letter(_path(name))
    html = _part(letter, "html")
    for part in letter.iter_attachments():
        if not part["Content-ID"]:
            continue  # a document, such as an invoice
        data = b64encode(part.get_content()).decode()
        url = f"data:{part.get_content_type()};base64,{data}"
        html = html.replace(f"cid:{part['Content-ID'].strip('<>')}", url)
    return HttpResponse(html)


def _require_local() -> None:
    if settings.ENVIRONMENT != "local":
        raise Http404


def _path(name: str) -> Path:
    _require_local()
    path: Path = settings.MAILBOX_DIR / f"{name}.eml"
    if not path.is_file():
        raise Http404
    return path


def _age(path: Path) -> tuple[float, str]:
    return (path.stat().st_mtime, path.name)


def _letter(path: Path) -> EmailMessage:
    return email.message_from_bytes(path.read_bytes(), policy=policy.default)


def _part(found: EmailMessage, kind: str) -> str:
    body = found.get_body(preferencelist=(kind,))
    return str(body.get_content()) if body is not None else ""
