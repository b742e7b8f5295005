from unittest.mock import patch

from hypothesis import given
from hypothesis import strategies as st
from pyroaring import BitMap64

from catalog.search import sorted_column
from catalog.search.sorted_column import SortedColumn

VALUES = st.dictionaries(st.integers(1, 60), st.integers(0, 12), max_size=60)
CARDS = st.sets(st.integers(1, 70))
ENDS = st.tuples(*[st.none() | st.integers(0, 12)] * 2)


def make_column(values):
    column = SortedColumn()
    for card, value in values.items():
        column.add(value, [card])
    return column


@given(
    values=VALUES,
    gone=CARDS,
    again=VALUES,
    among=CARDS,
    view=st.tuples(ENDS, st.integers(0, 20), st.booleans()),
)
def test_a_column_equals_a_sorted_list(values, gone, again, among, view):
    ends, offset, is_descending = view
    with patch.multiple(sorted_column, CHUNK_SIZE=2, MAX_TUPLE=1):
        column = make_column(values)
        column.remove(BitMap64(gone))
        left = {card: value for card, value in values.items() if card not in gone} | again
        column.remove(BitMap64(again))
        for card, value in again.items():
            column.add(value, [card])
    low, high = ends

    assert set(column.cards) == set(left)
    assert set(column.between(low, high)) == {
        card
        for card, value in left.items()
        if (low is None or value >= low) and (high is None or value <= high)
    }
    if low is not None:
        later = [value for value in left.values() if value >= low]
        assert column.lowest_from(low) == min(later, default=None)
    found = [value for card, value in left.items() if card in among]
    assert column.extremes(BitMap64(among)) == (min(found, default=None), max(found, default=None))
    sign = -1 if is_descending else 1
    order = sorted(among, key=lambda card: (card not in left, sign * left.get(card, 0), card))
    shown = column.page(BitMap64(among), offset=offset, size=5, is_descending=is_descending)
    assert shown == order[offset : offset + 5]
