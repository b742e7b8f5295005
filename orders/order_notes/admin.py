"""Note admin: add notes and tags to an order, list the notes on all orders and customers."""

import secrets

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils.html import format_html_join
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from orders.models import CustomerNote, Order, OrderNote, OrderTag
from orders.order_notes import order_notes
from storefront.lib.staff import columns
from storefront.lib.staff.admin import (
    FormData,
    StaffAdmin,
    acting,
    confirmed_action,
    register_read_only,
)

MAX_TAGS = 20
MAX_TAG_CHARS = 40


class NoteForm(forms.Form):
    """Form for a note; the key prevents a second note of one form."""

    text = forms.CharField(label=_("Note"), max_length=OrderNote.MAX_CHARS, widget=forms.Textarea)
    key = forms.CharField(widget=forms.HiddenInput, max_length=40)


class TagsForm(forms.Form):
    """Form for all tags of an order."""

    tags = forms.CharField(
        label=_("Tags"),
        required=False,
        max_length=1000,
        help_text=_("Separate tags by commas, such as: fraud check, press"),
    )

    def clean_tags(self) -> list[str]:
        parts = (" ".join(part.split()).lower() for part in self.cleaned_data["tags"].split(","))
        names = list(dict.fromkeys(filter(None, parts)))
        if any(len(name) > MAX_TAG_CHARS for name in names):
            message = gettext("A tag has at most %(most)d characters.")
            raise forms.ValidationError(message % {"most": MAX_TAG_CHARS})
        if len(names) > MAX_TAGS:
            message = gettext("An order has at most %(most)d tags.")
            raise forms.ValidationError(message % {"most": MAX_TAGS})
        return names


@admin.display(description=_("Tags"))
def tags(order: Order) -> str | None:
    """Show the tags of an order, which the list reads with its rows."""
    rows = ((tag.name,) for tag in order.tags.all())
    return format_html_join(" ", '<span class="order-kind">{}</span>', rows) or None


class NoteActions(StaffAdmin):
    """Actions on an order: add a note, edit its tags."""

    @confirmed_action(
        description=_("Add note"),
        icon="note_add",
        explain=_("Only staff see notes. A note is never sent."),
        form_class=NoteForm,
        initial=lambda _order: {"key": secrets.token_hex(8)},
        done=_("Note saved."),
    )
    def add_note(self, request: HttpRequest, order: Order, data: FormData) -> None:
        order_notes.add(order=order, text=data["text"], request_key=data["key"], **acting(request))

    @confirmed_action(
        description=_("Edit tags"),
        icon="label",
        explain=_("Only staff see tags. The list of orders can be filtered by tag."),
        form_class=TagsForm,
        initial=lambda order: {"tags": ", ".join(order_notes.tags_of(order))},
        done=_("Tags saved."),
    )
    def edit_tags(self, _request: HttpRequest, order: Order, data: FormData) -> None:
        order_notes.set_tags(order=order, names=data["tags"])


register_read_only(
    OrderNote,
    list_display=[
        columns.text("text", _("Note")),
        columns.link("order", _("Order")),
        "author",
        columns.age("written_at", _("Written")),
    ],
    list_display_links=["author"],
    list_select_related=["order"],
    search_fields=["order__number", "text"],
    ordering=["-pk"],
)
register_read_only(
    OrderTag,
    list_display=["name", columns.link("order", _("Order"))],
    list_select_related=["order"],
    list_filter=["name"],
    search_fields=["name", "order__number"],
)
register_read_only(
    CustomerNote,
    list_display=[
        columns.text("text", _("Note")),
        "email",
        "author",
        columns.age("written_at", _("Written")),
    ],
    list_display_links=["author"],
    search_fields=["email", "text"],
    ordering=["-pk"],
)
