"""Completeness filters: find the products that are complete on a channel, or lack a value."""

from typing import Any

from django.conf import settings
from django.contrib.admin import SimpleListFilter
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from catalog.custom_attributes import registry
from catalog.models import Channel, Completeness, Product
from catalog.readiness.subjects import choices, label_of_subject, of_language, text_codes


class CompleteFilter(SimpleListFilter):
    """Products that have, or lack, what is required on a channel in a language."""

    title = gettext_lazy("Complete for")
    parameter_name = "complete"

    def lookups(self, _request: HttpRequest, _admin: Any) -> list[tuple[str, str]]:
        texts = {"yes": _("complete"), "no": _("incomplete")}
        return [
            (f"{channel.code}.{language}.{answer}", f"{channel}, {language}: {text}")
            for channel in Channel.objects.order_by("pk")
            for language, _name in settings.LANGUAGES
            for answer, text in texts.items()
        ]

    def queryset(self, _request: HttpRequest, queryset: "QuerySet[Product]") -> "QuerySet[Product]":
        parts = (self.value() or "").split(".")
        if len(parts) != len(("channel", "language", "answer")):
            return queryset
        code, language, answer = parts
        channel = Channel.objects.filter(code=code).first()
        rows = Completeness.objects.filter(
            product=OuterRef("pk"),
            channel=channel,
            language=language,
            lacks_required=answer == "no",
        )
        return queryset.filter(Exists(rows))


class MissingFilter(SimpleListFilter):
    """Products that lack a value that is required or recommended on a channel."""

    title = gettext_lazy("Missing value")
    parameter_name = "missing"

    def lookups(self, _request: HttpRequest, _admin: Any) -> list[tuple[str, str]]:
        texts = text_codes(registry.cached())
        codes = {
            of_language(code, language, texts=texts)
            for code, _label in choices()
            for language, _name in settings.LANGUAGES
        }
        return sorted(((code, label_of_subject(code)) for code in codes), key=lambda pair: pair[1])

    def queryset(self, _request: HttpRequest, queryset: "QuerySet[Product]") -> "QuerySet[Product]":
        if not self.value():
            return queryset
        rows = Completeness.objects.filter(missing__contains=[self.value()])
        return queryset.filter(pk__in=rows.values("product"))


FILTERS = (CompleteFilter, MissingFilter)
