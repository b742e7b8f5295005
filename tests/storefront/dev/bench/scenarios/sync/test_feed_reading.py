"""Feed reading: memory stays constant for files of any length, in every format."""

import pytest

from storefront.dev.bench.scenarios.sync.feed_reading import GROUPED, NAMES, measure

ROWS = 12_000
# Buffers fill up and stay; a row that stays takes some 1.5 kB, so 12,000 of them twice as much.
BUFFERS_MB = 10
DAILY = (GROUPED,)


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=() if name in DAILY else pytest.mark.full) for name in NAMES],
)
def test_a_long_file_needs_no_more_than_some_buffers(tmp_path, name):
    found = measure(name, count=ROWS, folder=tmp_path)

    assert found.rows == ROWS
    assert found.peak_mb - found.bare_mb < BUFFERS_MB
