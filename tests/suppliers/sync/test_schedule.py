from datetime import UTC, datetime, timedelta

import pytest

from suppliers.sync.rotation import rotation_slot

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize("every_min", [1, 15, 60, 360, 1440])
def test_the_slices_of_one_day_cover_the_catalog(every_min):
    every = timedelta(minutes=every_min)
    runs = [NOON + turn * every for turn in range(int(timedelta(days=1) / every))]

    turns = [rotation_slot(now=now, every=every, within=timedelta(days=1)) for now in runs]

    assert {count for _, count in turns} == {len(runs)}
    assert sorted(turn for turn, _ in turns) == list(range(len(runs)))


def test_a_rare_job_reads_everything_each_time():
    assert rotation_slot(now=NOON, every=timedelta(days=3), within=timedelta(days=1)) == (0, 1)
