from __future__ import annotations

from storefront.dev.bench.goals.asking_goals import judge
from storefront.dev.bench.harness.connectors import Asked, CJSeller, Size
from storefront.dev.bench.scenarios.sync.api_calls import FIRST, Figures

SIZE = Size(products=10_500, variations=20_000)


def figures(*, calls, points, lists, windows, done=10_000):
    return Figures(
        dialect="CJ",
        phase=FIRST,
        products=SIZE.products,
        asked=Asked(calls=calls, points=110_250),
        counted=Asked(calls=calls, points=points, lists=lists),
        least=CJSeller().least(SIZE, is_first=True),
        by_ability={},
        windows=windows,
        done=done,
        wanted=10_000,
        seconds=1.0,
    )


def test_the_fewest_calls_are_the_pages_of_the_list_and_one_for_each_product():
    least = CJSeller().least(SIZE, is_first=True)

    assert (least.lists, least.calls, least.points) == (105, 10_605, 110_250)


def test_calls_walks_days_points_and_goods_that_are_missing_are_told():
    good = figures(calls=10_605, points=110_250, lists=315, windows=3)
    bad = figures(calls=12_500, points=110_300, lists=530, windows=4, done=9_999)

    assert [each.ok for each in judge([good])] == [True] * 5
    assert [each.ok for each in judge([bad])] == [False] * 5
