"""Family admin: add and edit product families without code."""

from functools import partial
from typing import Any, ClassVar, cast

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import HttpRequest, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from unfold.widgets import UnfoldAdminSelectWidget

from catalog.attributes.families import Families, Family
from catalog.families.custom_attribute_admin import MAX_NAME, announce_attribute, english_name
from catalog.listings.tasks import republish_family
from catalog.models import Category, CustomAttribute, Product, ProductFamily
from catalog.models.families import clear_family_cache, load_families
from catalog.search.index import drop_cached_pages
from storefront.lib.staff.admin import StaffAdmin, action
from storefront.lib.staff.fieldsets import Group
from storefront.lib.staff.language_fields import CODE, LanguageTextsField
from storefront.lib.tasks import enqueue


def category_choices() -> list[tuple[str, str]]:
    language = (get_language() or "en")[:2]
    rows = Category.objects.order_by("position", "slug")
    return [("", "---------"), *((row.slug, row.name_in(language)) for row in rows)]


@admin.display(description=cast("str", gettext_lazy("Category")))
def category_name(family: Any) -> str:
    """Show the name of the category, which ``get_queryset`` reads."""
    names = family.category_names or {}  # a new shop may not have the category yet
    return str(names.get((get_language() or "en")[:2]) or names.get("en") or family.category)


def attribute_choices() -> list[tuple[str, str]]:
    """Return the custom attributes of some families; those for all families need no choice."""
    rows = CustomAttribute.objects.exclude(families=[]).order_by("position", "code")
    return [(row.code, str(row)) for row in rows]


class ProductFamilyForm(forms.ModelForm):  # type: ignore[type-arg]  # generic for mypy only
    names = LanguageTextsField(max_length=MAX_NAME)
    category = forms.ChoiceField(choices=category_choices, widget=UnfoldAdminSelectWidget)
    attributes = forms.MultipleChoiceField(
        label=gettext_lazy("Custom attributes"),
        choices=attribute_choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy(
            "Products of this family also have the attributes for all families."
        ),
    )

    class Meta:
        model = ProductFamily
        fields = (
            *("code", "names", "kind", "category", "sku_prefix", "max_first_price_eur"),
            *("words", "match_priority", "search_words", "position"),
        )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        if "attributes" in self.fields and self.instance.pk:
            self.fields["attributes"].initial = [row.code for row in _attributes_of(self.instance)]

    def clean_attributes(self) -> list[str]:
        """Reject an attribute without a family: it would become one for all families."""
        chosen: list[str] = self.cleaned_data["attributes"]
        for row in _attributes_of(self.instance) if self.instance.pk else ():
            if row.code not in chosen and row.families == [self.instance.code]:
                message = _(
                    "“%(name)s” belongs to this family only, and without a family it would belong to"
                    " all. Delete it or change its families on its page."
                )
                raise ValidationError(message % {"name": row})
        return chosen

    def clean_code(self) -> str:
        code = str(self.cleaned_data["code"])
        if not CODE.fullmatch(code):
            raise ValidationError(_("Enter lower-case letters, digits and underscores."))
        return code

    def clean(self) -> dict[str, Any]:
        """Check that products exported under the family's name are imported into it."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if self.errors:
            return cleaned
        code = cleaned.get("code") or self.instance.code
        name = cleaned["names"]["en"]
        found = _with_changes(code, cleaned).recognize(title="", category_path=[name])
        if found != code:
            self.add_error("words", _not_recognized(name, found))
        return cleaned


def _with_changes(code: str, values: dict[str, Any]) -> Families:
    """Return all families as they are after an edit of this one."""
    edited = Family(
        code=code,
        kind=values["kind"],
        names=tuple(values["names"].items()),
        category=values["category"],
        sku_prefix=values["sku_prefix"],
        words=tuple(values["words"]),
        match_priority=values["match_priority"],
    )
    return Families([*(family for family in load_families() if family.code != code), edited])


def _not_recognized(name: str, found: str) -> str:
    if not found:
        message = _("Add a word that recognizes “%(name)s”: exports write it as the category.")
        return message % {"name": name}
    message = _(
        "Imports would read “%(name)s” as the family “%(found)s”. Add the whole name as a word, or"
        " choose a lower priority."
    )
    return message % {"name": name, "found": found}


def is_in_use(code: str) -> bool:
    """Return whether a product, an attribute or a category refers to the family.

    The category of its imported products always lists it. That does not count, unless the category
    lists no other family: without it, the category would show all families.
    """
    own = ProductFamily.objects.filter(code=code).values("category")
    return (
        Product.objects.filter(family=code).exists()
        or CustomAttribute.objects.filter(families__contains=[code]).exists()
        or Category.objects.filter(families__contains=[code]).exclude(slug__in=own).exists()
        or Category.objects.filter(families=[code]).exists()
    )


def _attributes_of(family: ProductFamily) -> "QuerySet[CustomAttribute]":
    return CustomAttribute.objects.filter(families__contains=[family.code])


def _assign_attributes(family: ProductFamily, codes: list[str]) -> None:
    """Let the family have exactly these custom attributes, and those for all families."""
    rows = CustomAttribute.objects.exclude(families=[]).order_by("pk")
    for row in rows.select_for_update(of=["self"]):
        if (row.code in codes) == (family.code in row.families):
            continue
        others = [code for code in row.families if code != family.code]
        if not (others or row.code in codes):
            continue  # another clerk has just removed the other families
        row.families = [*others, family.code] if row.code in codes else others
        row.save(update_fields=["families"])
        announce_attribute(row, is_filter=bool(row.filter_display))


def _show_in_category(family: ProductFamily) -> None:
    """Let the category of imported products show the family."""
    category = Category.objects.select_for_update(of=["self"]).get(slug=family.category)
    if not category.has_family(family.code):
        category.families.append(family.code)
        category.save(update_fields=["families"])


@admin.register(ProductFamily)
class ProductFamilyAdmin(StaffAdmin):
    form = add_form = ProductFamilyForm
    editable = (
        "attributes",
        *(name for name in ProductFamilyForm.Meta.fields if name != "code"),
    )
    exclude = ("title_templates",)
    may_add = may_delete = True
    actions_detail: ClassVar = ["title_templates"]
    groups = (
        Group(gettext_lazy("Family"), ("code", "names", "kind", "position", "attributes")),
        Group(gettext_lazy("New products"), ("category", "sku_prefix", "max_first_price_eur")),
        Group(gettext_lazy("Recognition"), ("words", "match_priority", "search_words")),
    )
    list_display: ClassVar = [
        "code",
        english_name,
        "kind",
        category_name,
        "sku_prefix",
        "match_priority",
    ]
    list_filter: ClassVar = ["kind"]
    search_fields: ClassVar = ["code", "names", "words"]
    ordering: ClassVar = ["position", "code"]

    def get_queryset(self, request: HttpRequest) -> "QuerySet[ProductFamily]":
        rows: QuerySet[ProductFamily] = super().get_queryset(request)
        category = Category.objects.filter(slug=OuterRef("category"))
        return rows.annotate(category_names=Subquery(category.values("names")))

    @admin.display(description=cast("str", gettext_lazy("Custom attributes")))
    def attributes(self, family: ProductFamily) -> str:
        """Return the attributes, for staff who may not change the family."""
        return ", ".join(map(str, _attributes_of(family).order_by("position", "code")))

    @action(description=gettext_lazy("Title templates"), icon="title", may="view")
    def title_templates(self, request: HttpRequest, object_id: str) -> HttpResponseRedirect:
        return HttpResponseRedirect(
            reverse("supply:titles", args=[self.row(request, object_id).code])
        )

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Offer deletion on the page of a family that nothing refers to, not for a selection."""
        is_free = isinstance(obj, ProductFamily) and not is_in_use(obj.code)
        return is_free and super().has_delete_permission(request, obj)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        _show_in_category(obj)
        _assign_attributes(obj, form.cleaned_data["attributes"])
        _announce()
        if change and {"kind", "names"} & {*form.changed_data}:
            transaction.on_commit(partial(enqueue, republish_family, family=obj.code))

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        category = Category.objects.select_for_update(of=["self"]).get(slug=obj.category)
        category.families = [code for code in category.families if code != obj.code]
        category.save(update_fields=["families"])
        super().delete_model(request, obj)
        _announce()


def _announce() -> None:
    """Let this process read the families again; others do within ten seconds."""
    transaction.on_commit(clear_family_cache)
    transaction.on_commit(drop_cached_pages)
