import math
import re
from itertools import accumulate, pairwise, product

import pytest

from storefront.web.charts import beam, runtime

POINT = re.compile(r"(-?[\d.]+),(-?[\d.]+)")


def add_points(one, other):
    return one[0] + other[0], one[1] + other[1]


def points(path):
    return [(float(x), float(y)) for x, y in POINT.findall(path)]


def test_beam_ends_at_a_quarter_lux_and_all_glyphs_share_one_scale():
    for candela, meters in ((100, 20), (2_500, 100), (22_500, 300), (250_000, 1000)):
        glyph = beam.glyph(candela, 400.0)
        assert beam.reach_m(candela) == glyph.reach_m == meters
        tip = max(x for x, _y in beam.glyph_contours(candela, 400.0)[0])
        assert tip == pytest.approx(beam.GLYPH.x(meters), abs=0.2)


def test_path_of_a_glyph_follows_its_outline_in_relative_quarters():
    outline = beam.glyph_contours(2_500, 400.0)[0]

    start, *lines = points(beam.glyph(2_500, 400.0).paths[0])

    drawn = [(x / 4, y / 4) for x, y in accumulate(lines, add_points, initial=start)]
    assert drawn == [(pytest.approx(x, abs=0.125), pytest.approx(y, abs=0.125)) for x, y in outline]


def test_more_candela_from_the_same_lumens_is_a_narrower_beam():
    def width(candela):
        ys = [y for _x, y in beam.glyph_contours(candela, 400.0)[0]]
        return max(ys) - min(ys)

    assert width(100_000) < width(10_000) < width(1_000)


def test_hot_spot_contains_all_lumens():
    candela, lumens = 22_500, 1_800
    sigma = beam.spread(candela, lumens)

    flux = 2 * math.pi * candela * sigma**2

    assert flux == pytest.approx(lumens)


def test_any_numbers_draw_inside_the_frame():
    for candela, lumens in product([1, 2, 36, 40, 230, 5_000_000], [1.0, 450.0, 100_000.0]):
        drawn = beam.chart(candela, lumens)
        wide, high = drawn.width, drawn.height
        for outline in beam.glyph_contours(candela, lumens):
            assert all(x >= 0 and 0 <= y <= 48 for x, y in outline)
        for contour in drawn.contours:
            assert all(-1 <= x <= wide + 1 and 0 <= y <= high for x, y in points(contour.path))
        assert 1 <= len(drawn.ticks) <= 12


def test_contours_have_their_lux_and_reach():
    chart = beam.chart(2_500, 400.0)

    contours = [(each.lux, each.reach_m) for each in chart.contours]
    assert contours == [(0.25, 100), (1.0, 50), (10.0, 16)]
    assert beam.chart(40, 450.0).is_all_round, "a lantern"
    assert not beam.chart(22_500, 1_800.0).is_all_round


def test_claimed_runtime_is_an_envelope_that_ends_at_a_tenth():
    run = runtime.Run(name="High", output_lm=400, runtime_min=180)

    drawn = runtime.run_chart([run])

    assert drawn.lines[0].path.count("H") == 1
    assert [label for _x, *label in drawn.across] == [[30, "min"], [1, "h"], [3, "h"]]
    assert [lumens for _y, lumens in drawn.up] == [100]
    assert runtime.run_chart([]) is None


@pytest.mark.parametrize(
    "modes",
    [
        [("Turbo", 1200, 90), ("High", 600, 225), ("Medium", 240, 570), ("Moonlight", 4.5, 19560)],
        [("High", 550, 35), ("Medium", 240, 90), ("Low", 80, 270), ("Moonlight", 16, 1380)],
        [("", 300, 120)],
        [("Low", 1, 1), ("High", 20_000, 1)],
        [("Bright and long", 900, 6000), ("Dim and short", 5, 10)],
        [(name, 400, 60) for name in "abcdef"],
    ],
)
def test_runtime_labels_do_not_overlap_or_exceed_the_edge(modes):
    runs = [
        runtime.Run(name=name, output_lm=lumens, runtime_min=minutes)
        for name, lumens, minutes in modes
    ]

    drawn = runtime.run_chart(runs)

    heights = sorted(line.label_y for line in drawn.lines)
    assert all(below - above >= 20 for above, below in pairwise(heights))
    assert drawn.top <= heights[0]
    assert heights[-1] <= drawn.bottom
    for line in drawn.lines:
        words = f"{line.name[:12]} {line.output_lm:,g} lm"
        assert line.label_x + len(words) * 10 <= drawn.width
    assert all(right - left >= 80 for (left, *_), (right, *_) in pairwise(drawn.across))
    assert all(drawn.left <= x <= drawn.width - 40 for x, *_ in drawn.across)
    assert drawn.across
    assert all(drawn.top <= y <= drawn.bottom for y, _lumens in drawn.up)
