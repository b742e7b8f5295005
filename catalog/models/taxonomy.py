"""The shelves of the shop."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _


class Family(models.TextChoices):
    """What kind of thing a product is: decides which attributes it needs."""

    FLASHLIGHT = "flashlight", _("Flashlight")
    HEADLAMP = "headlamp", _("Headlamp")
    LANTERN = "lantern", _("Lantern")
    WORK_LIGHT = "work_light", _("Work light")
    BIKE_LIGHT = "bike_light", _("Bike light")
    BATTERY = "battery", _("Battery")
    CHARGER = "charger", _("Charger")
    ACCESSORY = "accessory", _("Accessory")


class Category(models.Model):
    """One shelf; ``names`` and ``intros`` hold its words per locale.

    What stands on it goes to none of the countries ``not_sent_to``, of the shelf or its own.
    """

    slug = models.SlugField(max_length=60, unique=True)
    names = models.JSONField(default=dict)
    intros = models.JSONField(default=dict, blank=True)
    families = models.JSONField(default=list)
    google_id = models.PositiveIntegerField(null=True, blank=True)
    position = models.PositiveSmallIntegerField(default=0)
    not_sent_to = ArrayField(
        models.CharField(max_length=2), default=list, db_default=[], blank=True
    )  # codes of countries; empty: it may be sent everywhere

    class Meta:
        verbose_name_plural = "categories"

    def __str__(self) -> str:
        return self.slug

    def name_in(self, locale: str) -> str:
        return str(self.names.get(locale) or self.names.get("en") or self.slug)

    def intro_in(self, locale: str) -> str:
        return str(self.intros.get(locale) or self.intros.get("en") or "")
