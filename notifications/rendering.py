"""Rendering: write subject, text and HTML of a message from its event, in its language."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import css_inline
from babel import Locale
from babel.dates import format_date, format_interval
from babel.numbers import format_percent
from django.conf import settings
from django.core.files.storage import storages
from django.utils import translation
from jinja2 import Environment, FileSystemLoader, StrictUndefined, pass_context, select_autoescape
from jinja2.runtime import Context

from notifications.senders import Attachment
from storefront.identity.current import (
    YOUR_EUROPE_URL,
    Identity,
    artwork_contents,
    guarantee_artwork,
    shop_identity,
)
from storefront.lib.clock import format_local
from storefront.lib.money import format_money

TEMPLATES = Path(__file__).parent / "templates" / "notifications"
# European English: 7 December, €69.90.
REGIONS = {"en": "en_GB", "az": "az_AZ", "zh-hans": "zh_Hans"}
PRELOADED_TEMPLATES = ("order_placed", "parcel_shipped")  # sent for each order
MAX_DOCUMENT_BYTES = 200_000
_CONTROL = re.compile(r"[\x00-\x1f\x7f\u2028\u2029]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderedMessage:
    """A rendered message."""

    subject: str
    text: str
    html: str
    attachments: tuple[Attachment, ...] = ()


def render(
    *, template: str, locale: str, payload: dict[str, Any], preferences_url: str = ""
) -> RenderedMessage:
    """Render an e-mail; the first line of the text template is the subject.

    ``preferences_url`` is the page where the recipient can end messages of this kind.

    Raises: jinja2.TemplateError  the payload lacks a value that the template needs
    """
    language = _language(locale)
    shop = shop_identity()
    artwork = _artwork(payload, language)
    # the market of the order, if the message is about one
    shop_url = payload.get("shop_url", settings.PUBLIC_URL)
    values = {
        **payload,
        "language": language,
        "site_url": settings.PUBLIC_URL,
        "home_url": f"{shop_url}/{_shop_language(language)}/",
        "shop": shop,
        "preferences_url": preferences_url,
        "your_europe": YOUR_EUROPE_URL,
        "pictures": {each.content_id for each in artwork if each.can_be_shown},
    }
    with translation.override(language):
        content = _environment().get_template(f"email/{template}.txt").render(values)
        subject, _, text = content.lstrip().partition("\n")
        page = (
            _environment()
            .get_template(f"email/{template}.html")
            .render({**values, "subject": subject.strip()})
        )
    return RenderedMessage(
        subject=_CONTROL.sub(" ", subject).strip()[:200],
        text=_squeeze(text + _signature(shop, language)),
        html=_inliner().inline(page),
        attachments=(*artwork, *_documents(payload)),
    )


def render_text_message(*, template: str, locale: str, payload: dict[str, Any]) -> str:
    """Render a text message. Raises as ``render``."""
    language = _language(locale)
    values = {**payload, "language": language, "shop": shop_identity()}
    with translation.override(language):
        text = _environment().get_template(f"sms/{template}.txt").render(values)
    return " ".join(_line(text).split())


def render_chat_message(*, template: str, locale: str, payload: dict[str, Any]) -> str:
    """Render a chat message of several lines. Raises as ``render``."""
    language = _language(locale)
    values = {**payload, "language": language, "shop": shop_identity()}
    with translation.override(language):
        return _squeeze(_environment().get_template(f"chat/{template}.txt").render(values)).strip()


def _language(locale: str) -> str:
    return locale if locale in dict(settings.SUPPLIER_LANGUAGES) else settings.LANGUAGE_CODE


def _shop_language(language: str) -> str:
    """Return the language of the shop for a recipient whose language it may lack."""
    return language if language in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE


def _artwork(payload: dict[str, Any], language: str) -> tuple[Attachment, ...]:
    """Return the official files that a message about an order must show, as far as uploaded."""
    kinds = {
        "notice": payload.get("has_legal_guarantee"),
        "label": any(row["has_label"] for row in payload.get("guarantees", ())),
    }
    due = {kind: guarantee_artwork(kind, language) for kind, is_due in kinds.items() if is_due}
    names = {kind: name for kind, name in due.items() if name}
    if not names:
        return ()
    contents = artwork_contents(names.values())
    return tuple(
        Attachment(
            content_id=f"guarantee-{kind}",
            file_name=f"guarantee-{kind}.{name.rpartition('.')[2]}",
            content=contents[name],
        )
        for kind, name in names.items()
        if name in contents  # else it was replaced a moment ago
    )


def _documents(payload: dict[str, Any]) -> Iterator[Attachment]:
    """Yield the stored files of a message; a large one only has its link.

    Raises: FileNotFoundError  a file is gone
    """
    for document in payload.get("attachments", ()):
        with storages["private"].open(document["file"]) as file:
            if file.size <= MAX_DOCUMENT_BYTES:
                yield Attachment(file_name=document["name"], content=file.read())


def preload() -> None:
    """Load languages, templates and styles now, so that the first message need not wait."""
    for language, _ in settings.LANGUAGES:
        with translation.override(language):
            translation.gettext("")
            Locale.parse(REGIONS.get(language, language)).territories.get("")
    for template in PRELOADED_TEMPLATES:
        for kind in ("txt", "html"):
            _environment().get_template(f"email/{template}.{kind}")
    _inliner()


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    environment.install_gettext_callables(  # type: ignore[attr-defined]
        translation.gettext, translation.ngettext, newstyle=True
    )
    environment.filters.update(
        money=_money, day=_day, date_time=_date_time, line=_line, percent=_percent
    )
    environment.globals.update(days=_days, country=_country)
    return environment


@cache
def _inliner() -> css_inline.CSSInliner:
    # Rules that cannot be inlined, such as the media query of the dark theme, stay in the head.
    return css_inline.CSSInliner(
        keep_at_rules=True,
        remove_inlined_selectors=True,
        load_remote_stylesheets=False,
        minify_css=True,
    )


def _region(context: Context) -> Locale:
    language = str(context["language"])
    return Locale.parse(REGIONS.get(language, language))


@pass_context
def _money(context: Context, amount: str) -> str:
    return format_money(Decimal(amount), str(context["currency"]), _region(context))


@pass_context
def _percent(context: Context, rate: str) -> str:
    return format_percent(Decimal(rate), "#,##0.###%", locale=_region(context))


@pass_context
def _day(context: Context, iso: str) -> str:
    return format_date(date.fromisoformat(iso), "d MMMM", locale=_region(context))


@pass_context
def _date_time(context: Context, iso: str) -> str:
    """Format a time in the time zone of the order's country."""
    at, pattern = datetime.fromisoformat(iso), "d MMMM, HH:mm"
    return format_local(at, pattern, country=str(context["goes_to"]), locale=_region(context))


@pass_context
def _days(context: Context, first: str, last: str) -> str:
    """Format a range of days as short as the language allows: 3–7 December."""
    if first == last:
        return str(_day(context, first))
    start, end = date.fromisoformat(first), date.fromisoformat(last)
    return format_interval(start, end, "MMMMd", locale=_region(context))


@pass_context
def _country(context: Context, code: str) -> str:
    return str(_region(context).territories.get(code, code))


def _line(text: str) -> str:
    """Replace control characters in an external value, so that it stays on its line."""
    return _CONTROL.sub(" ", text).strip()


def _signature(shop: Identity, language: str) -> str:
    """Return the shop's footer and the sender's identity, which the law requires."""
    footer = shop.footer_lines(language)
    lines = [
        *footer,
        *([""] if footer else []),
        shop.company,
        *shop.address_lines,
        f"{shop.email} · {shop.phone}",
    ]
    return "\n\n" + "\n".join(_line(line) for line in lines)


def _squeeze(text: str) -> str:
    return re.sub(r"\n{3,}", "\n\n", text).strip() + "\n"
