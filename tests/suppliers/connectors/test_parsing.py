import json

import ijson
import pytest

from suppliers.connectors.cj.parsing import decode
from suppliers.connectors.parsing import RepairedJson, repair_json

BROKEN = {
    rb"x\ud800y": "xy",
    rb"x\udc00y": "xy",
    rb"\ud83d\ud83d\ude00": "\U0001f600",
    rb"\\ud800 stays": "\\ud800 stays",
    b"a\x01b\x85c": "ab\ufffdc",
    b"two\nlines\tand": "two lines and",
    b"\xffclair": "\ufffdclair",
    b"\xed\xa0\x80!": "\ufffd\ufffd\ufffd!",
}


class Slow:
    """A file that returns a fixed number of bytes at a time."""

    def __init__(self, content, size):
        self._content = content
        self._size = size

    def read(self, _size=-1):
        piece, self._content = self._content[: self._size], self._content[self._size :]
        return piece


@pytest.mark.parametrize(("text", "meant"), BROKEN.items())
def test_json_with_invalid_characters_is_repaired(text, meant):
    document = b'[{"title":"' + text + b'","sku":"A1"}]'

    assert decode(document, list, what="list") == [{"title": meant, "sku": "A1"}]
    assert list(ijson.items(RepairedJson(Slow(document, 1000)), "item")) == [
        {"title": meant, "sku": "A1"}
    ]


def test_chunk_size_does_not_change_the_result():
    pieces = [*BROKEN, rb"\\", rb"\"", "\u00e9".encode(), rb"\ud83d\ude00", *reversed(BROKEN)]
    document = b'["' + b"".join(pieces) + b'"]'
    whole = repair_json(document)
    json.loads(whole)

    for size in range(1, 25):
        file = RepairedJson(Slow(document, size))
        assert (size, b"".join(iter(file.read, b""))) == (size, whole)
