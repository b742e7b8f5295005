"""Bare views: do the least work that could serve the shop's pages and sales on this stack.

Their figures are the limits that those of the shop are compared with.
"""

from http import HTTPStatus
from secrets import token_hex
from typing import Any

from django.core.cache import cache
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.template import Context, Engine
from django.urls import path

CARDS_A_PAGE = 24
BODY_KEY = "bench:body"

# Tables of ``sell_one``: ordinary tables, as durable as those of the shop.
SALES = """
CREATE TABLE bench_stock (id bigint PRIMARY KEY, available int CHECK (available >= 0));
CREATE TABLE bench_order (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, number text UNIQUE, email text,
    total numeric, placed_at timestamptz
);
CREATE TABLE bench_line (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, order_id bigint REFERENCES bench_order,
    stock_id bigint REFERENCES bench_stock, quantity int, amount numeric
);
"""
# The table of ``keep_call``.
CALLS = """
CREATE TABLE bench_call (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, body bytea, received_at timestamptz
)
"""
SELL = """
WITH held AS (
    UPDATE bench_stock SET available = available - 1
    WHERE id = %(row)s AND available >= 1 RETURNING id
), placed AS (
    INSERT INTO bench_order (number, email, total, placed_at)
    SELECT %(number)s, 'bench@example.org', 39.90, now() FROM held RETURNING id
)
INSERT INTO bench_line (order_id, stock_id, quantity, amount)
SELECT placed.id, held.id, 1, 19.95 FROM placed, held, generate_series(1, 2)
"""

LIST_TEMPLATE = Engine().from_string(
    """<!doctype html><html lang="en"><title>List</title><body><ul>{% for card in cards %}
<li class="card"><a href="/p/{{ card.slug }}/"><img src="/media/{{ card.picture }}-480.webp"
 width="480" height="480" alt="{{ card.title }}" loading="lazy"><h2>{{ card.title }}</h2>
<p>{{ card.brand }}</p><dl><dt>lumens</dt><dd>{{ card.output_lm }}</dd><dt>minutes</dt>
<dd>{{ card.runtime_min }}</dd><dt>grams</dt><dd>{{ card.weight_g }}</dd><dt>meters</dt>
<dd>{{ card.beam_m }}</dd></dl><p>{{ card.price_amount }} EUR, {{ card.available }} left</p></a>
</li>{% endfor %}</ul></body></html>"""
)
ROW_TEMPLATE = Engine().from_string(
    """<!doctype html><html lang="en"><title>{{ row.title }}</title><body><h1>{{ row.title }}</h1>
<p>{{ row.brand }} {{ row.price_amount }} EUR</p><dl>{% for name, value in row.items %}
<dt>{{ name }}</dt><dd>{{ value }}</dd>{% endfor %}</dl></body></html>"""
)
COLUMNS = (
    "slug, title, brand, family, picture, price_amount, available, output_lm, beam_m,"
    " runtime_min, weight_g, ip_rating"
)


def _rows(sql: str, *values: Any) -> list[dict[str, Any]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        names = [column.name for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def _answer(content: bytes, *, status: int = HTTPStatus.OK) -> HttpResponse:
    """Answer with a Content-Length, as the shop's pages do."""
    return HttpResponse(content, status=status, headers={"Content-Length": str(len(content))})


def one_query_list(request: HttpRequest) -> HttpResponse:
    """Show one page of one category: one query, one template."""
    cards = _rows(
        f"SELECT {COLUMNS} FROM catalog_productcard WHERE channel_id ="  # noqa: S608 - our own columns
        " (SELECT min(id) FROM catalog_channel) AND category_id ="
        " (SELECT id FROM catalog_category WHERE slug = %s)"
        " ORDER BY score DESC, id LIMIT %s",
        request.GET.get("category", "headlamps"),
        CARDS_A_PAGE,
    )
    return _answer(LIST_TEMPLATE.render(Context({"cards": cards})).encode())


def one_row(_request: HttpRequest, slug: str) -> HttpResponse:
    """Show one row by an indexed name."""
    rows = _rows(
        f"SELECT {COLUMNS} FROM catalog_productcard WHERE channel_id ="  # noqa: S608 - our own columns
        " (SELECT min(id) FROM catalog_channel) AND slug = %s",
        slug,
    )
    return _answer(ROW_TEMPLATE.render(Context({"row": rows[0]})).encode())


def sell_one(_request: HttpRequest, row: int) -> HttpResponse:
    """Sell one unit of a row, if available: a guarded UPDATE, an order and its two lines."""
    with connection.cursor() as cursor:
        cursor.execute(SELL, {"row": row, "number": token_hex(8)})
        is_sold = bool(cursor.rowcount)
    return _answer(b"sold") if is_sold else _answer(b"refused", status=HTTPStatus.CONFLICT)


def keep_call(request: HttpRequest) -> HttpResponse:
    """Store the body of a webhook."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO bench_call (body, received_at) VALUES (%s, now())", [request.body]
        )
    return _answer(b"kept")


def receive(request: HttpRequest) -> HttpResponse:
    """Read an event and acknowledge it. An unread body would end the connection."""
    return _answer(b"%d bytes" % len(request.body))


def whole_body(_request: HttpRequest) -> HttpResponse:
    """Answer with a page of the shop that is stored in Redis."""
    return _answer(cache.get(BODY_KEY))


urlpatterns = [
    path("list/", one_query_list),
    path("row/<slug:slug>/", one_row),
    path("body/", whole_body),
    path("keep/", keep_call),
    path("receive/", receive),
    path("sell/<int:row>/", sell_one),
]
