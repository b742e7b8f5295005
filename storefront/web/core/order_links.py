"""Order links: find the order of a secret link, redirect to its page."""

from http import HTTPStatus

from django.http import Http404, HttpResponseRedirect
from django.urls import reverse

from orders import links
from orders.models import Order


def find_order(number: str, key: str) -> Order:
    """Return the order of a link.

    Raises: Http404: unknown order or wrong key.
    """
    order = links.find_order(number=number, key=key)
    if order is None:
        raise Http404
    return order


def to_order(order: Order, fragment: str | None = None, **query: str) -> HttpResponseRedirect:
    """Redirect to the page of an order; empty values of the query are left out."""
    filled = {name: value for name, value in query.items() if value}
    path_args = [order.number, order.access_key]
    return see_other(reverse("order", args=path_args, query=filled, fragment=fragment))


def see_other(path: str) -> HttpResponseRedirect:
    """Redirect after a form, so that a reload does not send it again."""
    return HttpResponseRedirect(path, status=HTTPStatus.SEE_OTHER)
