"""Order message admin: read and answer the messages of customers, on the order and in a list."""

import secrets
from typing import ClassVar

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils.html import format_html_join
from django.utils.translation import gettext_lazy as _

from orders.models import Order, OrderMessage
from orders.order_messages import order_messages
from storefront.lib.staff import columns
from storefront.lib.staff.admin import FormData, StaffAdmin, acting, confirmed_action


class CloseForm(forms.Form):
    """The newest message that the page quotes: one that arrives later keeps waiting."""

    last_seen = forms.IntegerField(widget=forms.HiddenInput)


class AnswerForm(CloseForm):
    """Form for a message to the customer; the key prevents a second message of one form."""

    text = forms.CharField(
        label=_("Message"), max_length=OrderMessage.MAX_CHARS, widget=forms.Textarea
    )
    key = forms.CharField(widget=forms.HiddenInput, max_length=40)


def quote_waiting(order: Order) -> str:
    """Return the texts that wait for an answer, as HTML."""
    texts = order_messages.waiting_messages(order).values_list("text", flat=True)
    return format_html_join("\n", "<q>{}</q>", ((text,) for text in texts)) or str(
        _("No message of the customer waits for an answer.")
    )


def _last_seen(order: Order) -> dict[str, int]:
    newest = order_messages.waiting_messages(order).last()
    return {"last_seen": newest.pk if newest else 0}


def _new_answer(order: Order) -> dict[str, int | str]:
    return {"key": secrets.token_hex(8), **_last_seen(order)}


class MessageActions(StaffAdmin):
    """Actions on an order: write to its customer, close waiting messages without an answer."""

    available_if: ClassVar = {
        # A channel that writes to the customer itself does not want our e-mails.
        "write_to_customer": lambda order: order.notifies_customer,
        "close_messages": lambda order: order_messages.waiting_messages(order).exists(),
    }

    @confirmed_action(
        description=_("Write to customer"),
        icon="reply",
        explain=quote_waiting,
        form_class=AnswerForm,
        initial=_new_answer,
        done=_("Message sent. The customer gets it by e-mail and on the order page."),
    )
    def write_to_customer(self, request: HttpRequest, order: Order, data: FormData) -> None:
        order_messages.answer(
            order=order,
            text=data["text"],
            request_key=data["key"],
            last_seen=data["last_seen"],
            **acting(request),
        )

    @confirmed_action(
        description=_("Close messages"),
        icon="done",
        explain=quote_waiting,
        form_class=CloseForm,
        initial=_last_seen,
        done=_("The messages are closed without an answer."),
    )
    def close_messages(self, request: HttpRequest, order: Order, data: FormData) -> None:
        order_messages.close(order=order, last_seen=data["last_seen"], now=acting(request)["now"])


@admin.register(OrderMessage)
class OrderMessageAdmin(StaffAdmin):
    list_display: ClassVar = [
        columns.text("text", _("Message")),
        columns.link("order", _("Order")),
        "author",
        "written_by",
        columns.age("sent_at", _("Sent")),
        columns.age("answered_at", _("Answered")),
    ]
    list_display_links: ClassVar = ["author"]
    list_select_related: ClassVar = ["order"]
    list_filter: ClassVar = ["author", ("answered_at", admin.EmptyFieldListFilter)]
    search_fields: ClassVar = ["order__number"]
    ordering: ClassVar = ["-pk"]
    actions_detail: ClassVar = ["answer"]
    available_if: ClassVar = {
        "answer": lambda message: message.author == OrderMessage.Author.CUSTOMER
    }

    @confirmed_action(
        description=_("Answer customer"),
        icon="reply",
        explain=lambda message: quote_waiting(message.order),
        form_class=AnswerForm,
        initial=lambda message: _new_answer(message.order),
        done=_("Message sent. The customer gets it by e-mail and on the order page."),
    )
    def answer(self, request: HttpRequest, message: OrderMessage, data: FormData) -> None:
        order_messages.answer(
            order=message.order,
            text=data["text"],
            request_key=data["key"],
            last_seen=data["last_seen"],
            **acting(request),
        )
