"""Feed reading: memory stays constant for files of any length, in every format."""

import pytest

from storefront.dev.bench.scenarios.sync.feed_reading import GROUPED, NAMES, measure

ROWS = 12_000
# Buffers have a constant size. Rows that stay in memory take about 1.5 kB each: 18 MB for 12,000.
BUFFERS_MB = 10
DAILY = (GROUPED,)


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=() if name in DAILY else pytest.mark.full) for name in NAMES],
)
def test_long_file_needs_only_constant_buffers(tmp_path, name):
    found = measure(name, count=ROWS, folder=tmp_path)

    assert found.rows == ROWS
    assert found.peak_mb - found.bare_mb < BUFFERS_MB
