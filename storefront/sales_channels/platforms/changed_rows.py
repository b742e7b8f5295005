"""Changed rows: read a list by the moment of change, without a gap while rows move."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta

SECOND = timedelta(seconds=1)


def read_changed[Row](
    read_page: Callable[[datetime, int], Sequence[Row]],
    *,
    since: datetime,
    version_of: Callable[[Row], tuple[str, datetime]],
    page_size: int,
) -> Iterator[Row]:
    """Yield rows, oldest change first, each version once.

    A row that changes meanwhile moves to the end, and the pages shift. So each page begins at the
    last moment of the one before.

    Shape:  ``read_page`` takes the earliest change, in whole seconds, and a page number from 1;
            ``version_of`` returns the id of a row and its last change
    """
    after, page = since - SECOND, 1
    seen: set[tuple[str, datetime]] = set()
    while True:
        rows = read_page(after, page)
        for row in rows:
            version = version_of(row)
            if version not in seen:
                seen.add(version)
                yield row
        if len(rows) < page_size:
            return
        last = version_of(rows[-1])[1] - SECOND
        after, page = (last, 1) if last > after else (after, page + 1)
