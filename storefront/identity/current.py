"""Current identity: read who runs the shop, its legal texts and guarantee artwork; keep them in memory.

Identity and artwork are kept for ten seconds.
"""

import time
from collections.abc import Iterable
from dataclasses import dataclass

from django.apps import apps
from django.conf import settings
from django.db import DatabaseError

from storefront.identity import live_database

CACHE_S = 10.0
YOUR_EUROPE_URL = (
    "https://europa.eu/youreurope/citizens/consumers/shopping/guarantees-returns/index_en.htm"
)
# Domains that RFC 2606 reserves: undeliverable.
RESERVED = (".example", ".invalid", ".localhost", ".test", ".example.com", ".example.org")


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """The shop's identity. A demonstration identity may not sell in production."""

    name: str
    company: str
    address: str
    email: str
    phone: str
    register_entry: str = ""
    vat_id: str = ""
    review_url: str = ""
    country: str = "EE"
    invoice_prefix: str = "INV"
    credit_note_prefix: str = "CRN"
    logo_name: str = ""
    logo_alt: str = ""
    accent_color: str = ""
    accent_text_color: str = ""
    sender_name: str = ""
    reply_to: str = ""
    footer_en: str = ""
    footer_az: str = ""

    @property
    def is_demonstration(self) -> bool:
        return is_reserved(self.email)

    @property
    def address_lines(self) -> list[str]:
        return [line.strip() for line in self.address.splitlines() if line.strip()]

    @property
    def logo_path(self) -> str:
        """Return the path of the logo; empty without one."""
        return self.logo_name and f"/brand/{self.logo_name}"

    @property
    def style_path(self) -> str:
        """Return the path of the style sheet with the brand's colors; empty for the built-in ones."""
        if not self.accent_color:
            return ""
        return f"/brand/{self.accent_color[1:]}-{self.accent_text_color[1:]}.css"

    def footer_lines(self, language: str) -> list[str]:
        """Return the footer of e-mails in a language, else in English."""
        text = (self.footer_az if language == "az" else "") or self.footer_en
        return [line.strip() for line in text.splitlines() if line.strip()]


def is_reserved(email: str) -> bool:
    """Return whether an e-mail address is in a reserved domain."""
    return f".{email.rpartition('@')[2].lower()}".endswith(RESERVED)


DEMONSTRATION = Identity(
    name="Fara",
    company="Fara demonstration shop",
    address="Harbor Street 1\n1010 Exampletown",
    email="help@fara.example",
    phone="+1 555 0100",
)
FIELDS = (
    "name",
    "company",
    "address",
    "email",
    "phone",
    "register_entry",
    "vat_id",
    "review_url",
    "country",
    "invoice_prefix",
    "credit_note_prefix",
)
LOGO_FIELDS = ("logo_name", "logo_alt")
COLOR_FIELDS = ("accent_color", "accent_text_color")
MAIL_FIELDS = ("sender_name", "reply_to", "footer_en", "footer_az")
ALL_FIELDS = (*FIELDS, *LOGO_FIELDS, *COLOR_FIELDS, *MAIL_FIELDS)
_cached: tuple[float, Identity] | None = None  # (expiry by the monotonic clock, identity)
# expiry, (kind, language) -> file name
_artwork: tuple[float, dict[tuple[str, str], str]] | None = None


def shop_identity() -> Identity:
    """Return the shop's identity, cached for ten seconds; without a database, the last known."""
    global _cached  # noqa: PLW0603 - one value for the process
    if _cached is None or _cached[0] < time.monotonic():
        try:
            # Looked up by name: workers import this before the apps are loaded.
            row = apps.get_model("identity", "ShopIdentity").objects.values(*ALL_FIELDS).first()
        except DatabaseError:
            return _cached[1] if _cached else DEMONSTRATION
        _cached = (time.monotonic() + CACHE_S, Identity(**row) if row else DEMONSTRATION)
    return _cached[1]


def may_sell() -> bool:
    """Return whether the shop may sell: never from a copy of its database.

    In production, only once its own identity is entered.
    """
    if settings.IS_PRODUCTION and shop_identity().is_demonstration:
        return False
    try:
        return live_database.cached().is_live
    except DatabaseError:
        return True  # the page that asks fails by itself, or needs no database


def legal_text(*, page: str, language: str) -> str:
    """Return staff's text for a page, in another language if this one is missing; "" if none."""
    rows = apps.get_model("identity", "LegalText").objects.filter(page=page)
    texts: dict[str, str] = dict(rows.values_list("language", "text"))
    languages = (language, settings.LANGUAGE_CODE, *sorted(texts))
    return next((texts[code] for code in languages if code in texts), "")


def guarantee_artwork(kind: str, language: str) -> str:
    """Return the file name of official artwork, else that in English, else ""."""
    files = _load_artwork()
    return files.get((kind, language)) or files.get((kind, "en"), "")


def _load_artwork() -> dict[tuple[str, str], str]:
    """Return the file names of uploaded artwork by kind and language, at most ten seconds old."""
    global _artwork  # noqa: PLW0603 - one value for the process
    if _artwork is None or _artwork[0] < time.monotonic():
        rows = apps.get_model("identity", "GuaranteeArtwork").objects.order_by("language")
        names = {
            (kind, language): f"{digest}.{suffix}"
            for kind, language, digest, suffix in rows.values_list(
                "kind", "language", "digest", "format"
            )
        }
        _artwork = (time.monotonic() + CACHE_S, names)
    return _artwork[1]


def artwork_contents(names: Iterable[str]) -> dict[str, bytes]:
    """Return the content of artwork by file name, without files that were replaced meanwhile."""
    digests = [name.partition(".")[0] for name in names]
    rows = apps.get_model("identity", "GuaranteeArtwork").objects.filter(digest__in=digests)
    return {f"{row.digest}.{row.format}": bytes(row.content) for row in rows}
