from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from storefront.dashboard.suppliers import metrics
from storefront.lib.line_charts import MetricPoint, trend_chart
from suppliers.models import Scorecard, Supplier
from suppliers.scorecards import statistics
from tests.factories.accounts import make_staff
from tests.factories.catalog import make_channel
from tests.factories.compliance import make_document, make_verified
from tests.factories.full_shop import make_world
from tests.factories.suppliers import NOON, make_supplier

pytestmark = pytest.mark.django_db

TODAY = NOON.date()
A_DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def channel(noon, db):
    return make_channel()  # unknown suppliers get an error page of the shop


def make_card(supplier, measure="fill_rate", good=1, of=1, on=TODAY):
    return save(supplier, measure, on, statistics.rate_score(good, of))


def save(supplier, measure, on, score):
    parts = {name: getattr(score, name) for name in ("sample", "good", "value", "low", "high")}
    return Scorecard.objects.create(
        supplier=supplier, measure=measure, on=on, tail=score.tail, **parts
    )


def make_time(supplier, *seconds, measure="acknowledge_time"):
    score = statistics.duration_score([Decimal(each) for each in seconds])
    return save(supplier, measure, TODAY, score)


def ranked(measure):
    found = metrics.rank(
        suppliers=Supplier.objects.all(),
        cards=Scorecard.objects.filter(measure=measure),
        measure=measure,
    )
    return [(row.position, row.supplier.code) for row in found]


def page(client, name, *args, **asked):
    answer = client.get(reverse(f"scorecards:{name}", args=args), asked)
    return answer.status_code, answer.content.decode()


def test_few_perfect_orders_do_not_outrank_many_good_ones():
    lucky, proven = make_supplier(code="lucky"), make_supplier(code="proven")
    make_supplier(code="unseen")
    make_card(lucky, good=3, of=3)
    make_card(proven, good=198, of=200)
    make_card(lucky, "cancellation_rate", good=0, of=3)
    make_card(proven, "cancellation_rate", good=2, of=200)
    make_time(lucky, 1)
    make_time(proven, *range(100, 130))

    # Ranked by the upper bound where less is better; suppliers without bounds follow.
    for measure in ("fill_rate", "cancellation_rate", "acknowledge_time"):
        assert ranked(measure) == [(1, "proven"), (2, "lucky"), (None, "unseen")]


def test_comparison_names_its_metric(staff):
    make_card(make_supplier(code="lumen"), good=9, of=10)
    make_card(make_supplier(code="old"), good=9, of=10, on=TODAY - 20 * A_DAY)

    status, shown = page(staff, "compare", by="fill_rate")

    assert status == 200
    assert "Ranked by the lower confidence bound" in shown
    assert shown.count("59.6 %") == 2  # once as lower bound, once as the ranking bound
    assert "No data yet" in shown
    assert "Ranked by the upper confidence bound" in page(staff, "compare", by="return_rate")[1]
    assert page(staff, "compare", by="' OR 1=1")[0] == 200


def test_supplier_page_shows_metrics_and_missing_documents(staff, settings):
    settings.VETTING_REQUIRED = ["ce", "returns"]
    supplier = make_supplier()
    make_verified(supplier, "ce", valid_until=TODAY + 20 * A_DAY)
    make_document(supplier, "capacity", kind="statement", content=None)
    for days in range(10):
        make_card(supplier, good=9, of=10, on=TODAY - days * A_DAY)

    status, shown = page(staff, "supplier", "lumen")

    assert status == 200
    assert shown.count("<svg") == 1
    assert (
        "Latest value 90.0 %, confidence interval 59.6 % to 98.2 %, from 10 observations." in shown
    )
    assert shown.count("No data yet.") == 10
    assert "Expires soon" in shown
    assert "Needs review" in shown
    assert f"?supplier={supplier.pk}&amp;criterion=returns" in shown
    assert "not enough data" in shown
    assert reverse("admin:suppliers_supplier_set_safety_stock", args=[supplier.pk]) in shown
    assert page(staff, "supplier", "unknown")[0] == 404


def test_pages_take_few_queries(staff, monkeypatch):
    make_world(monkeypatch)

    for name, args in (("compare", []), ("supplier", ["lumen"])):
        with CaptureQueriesContext(connection) as queries:
            assert page(staff, name, *args)[0] == 200
        assert len(queries) <= 11, [query["sql"][:90] for query in queries]


def test_scorecards_need_permission(client):
    supplier = make_supplier()
    anonymous = client.get(reverse("scorecards:compare"))
    assert (anonymous.status_code, "/admin/login/" in anonymous.url) == (302, True)
    assert page(client, "supplier", supplier.code)[0] == 302
    client.force_login(make_staff("clerk"))
    assert page(client, "compare")[0] == 403
    assert page(client, "supplier", supplier.code)[0] == 403

    client.force_login(make_staff("looker", "view_scorecard"))
    status, shown = page(client, "supplier", supplier.code)

    assert status == 200
    assert "Compliance" not in shown
    assert "set_safety_stock" not in shown


@pytest.mark.parametrize(
    ("measure", "value", "words"),
    [
        ("fill_rate", "0.9751", "97.5 %"),
        ("answer_time", "119.6", "120 ms"),
        ("acknowledge_time", "59", "59 s"),
        ("acknowledge_time", "3599", "59 min"),
        ("acknowledge_time", "7500", "2 h 5 min"),
        ("acknowledge_time", "7200", "2 h"),
        ("first_scan_time", "259200", "3.0 days"),
        ("first_scan_time", None, "–"),
    ],
)
def test_value_is_formatted_with_a_readable_unit(measure, value, words):
    assert metrics.format_value(value and Decimal(value), measure) == words


def points(*values, low="0", high="1"):
    bounds = {"low": Decimal(low), "high": Decimal(high)}
    return [
        MetricPoint(on=TODAY + n * A_DAY, value=Decimal(value), **bounds)
        for n, value in enumerate(values)
    ]


def test_trend_stays_within_its_scale():
    assert trend_chart([], is_rate=True) is None

    high = trend_chart(points("0.95", "0.99", low="0.92"), is_rate=True)
    assert [mark.value for mark in high.marks] == [Decimal("0.9"), Decimal("0.95"), 1]
    low = trend_chart(points("0.01", "0.02", high="0.08"), is_rate=True)
    assert [mark.value for mark in low.marks] == [0, Decimal("0.05"), Decimal("0.1")]
    slow = trend_chart(points("400", "5000", high="9000"), is_rate=False)
    assert [int(mark.value) for mark in slow.marks] == [0, 2 * 3600, 4 * 3600]
    for drawn in (high, low, slow):
        for piece in (drawn.line, drawn.band):
            heights = [float(word) for word in piece.replace("L", "").split()[1::2] if word != "Z"]
            assert all(0 <= height <= drawn.height for height in heights)


def test_single_day_is_a_dot_and_a_day_without_bounds_interrupts_the_band():
    alone = trend_chart(points("0.5"), is_rate=True)
    assert (alone.band, alone.first, alone.last) == ("", TODAY, TODAY)

    gap = points("0.5", "0.5", "0.5")
    gap[1] = MetricPoint(on=gap[1].on, value=gap[1].value, low=None, high=None)
    assert trend_chart(gap, is_rate=True).band == ""
