"""Product feed model: store what a feed contains, where it is read, and its last file."""

import secrets
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from catalog.models import Channel
from storefront.lib.db.constraints import check, unique
from storefront.lib.db.fields import protected_key


def new_key() -> str:
    return secrets.token_urlsafe(16)


class ProductFeed(models.Model):
    """The products of one channel for one country, in one language, as one file.

    ``file`` is a name in the private storage; empty until the first build. ``excluded`` maps codes
    of ``products.Exclusion`` to numbers of variants. ``building_until`` is the lease of the worker
    that builds the file; ``built_at`` is the moment whose prices and stock it states.
    """

    # A file of other content is never shown.
    CONTENT_FIELDS: ClassVar = ("target", "channel", "country", "language", "file_type")

    class Target(models.TextChoices):
        GOOGLE = "google", _("Google Merchant Center")
        META = "meta", _("Meta (Facebook, Instagram)")
        BING = "bing", _("Microsoft Merchant Center (Bing)")
        MARKETPLACE = "marketplace", _("Other marketplace")

    class FileType(models.TextChoices):
        XML = "xml", _("XML")
        TSV = "tsv", _("TSV (tab-separated)")
        CSV = "csv", _("CSV")

    channel = protected_key(
        Channel,
        "product_feeds",
        _("Channel"),
        db_index=False,
        help_text=_("Its published products and prices are in the feed."),
    )
    target = models.CharField(
        _("Reader"),
        max_length=12,
        choices=Target,
        help_text=_(
            "The service that reads the feed. It decides the names and values of the columns."
        ),
    )
    file_type = models.CharField(
        _("Format of the file"),
        max_length=3,
        choices=FileType,
        help_text=_("Google, Meta and Microsoft read all three; XML is the safest choice."),
    )
    country = models.CharField(
        _("Country"),
        max_length=2,
        help_text=_(
            "Country code, such as DE. Availability and shipping are those of this country."
        ),
    )
    language = models.CharField(
        _("Language"),
        max_length=5,
        choices=settings.LANGUAGES,
        help_text=_("Language of titles and descriptions, and of the linked pages."),
    )
    key = models.CharField(
        _("Key in the address"), max_length=22, unique=True, default=new_key, editable=False
    )
    is_active = models.BooleanField(
        _("Active"),
        default=True,
        help_text=_("An inactive feed is not built, and its address answers 404."),
    )
    file = models.CharField(_("File"), max_length=100, blank=True, editable=False)
    built_at = models.DateTimeField(_("Built"), null=True, blank=True, editable=False)
    build_seconds = models.PositiveIntegerField(
        _("Duration (s)"), null=True, blank=True, editable=False
    )
    items = models.PositiveIntegerField(_("Items"), default=0, editable=False)
    excluded = models.JSONField(_("Excluded"), default=dict, blank=True, editable=False)
    problem = models.CharField(_("Problem"), max_length=300, blank=True, editable=False)
    building_until = models.DateTimeField(
        _("Build lease ends"), null=True, blank=True, editable=False
    )

    class Meta:
        verbose_name = _("product feed")
        verbose_name_plural = _("product feeds")
        constraints = [
            unique("product_feed_once", ["channel", "target", "file_type", "country", "language"]),
            check("product_feed_file_has_time", Q(file="") | Q(built_at__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"{self.target} {self.channel.code} {self.country} {self.language}.{self.file_type}"
