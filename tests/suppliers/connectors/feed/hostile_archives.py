"""Hostile archives and documents, built on demand."""

import gzip
import io
import stat
import struct
import zipfile

GOOD = "SKU,Name,Price,Stock,Description\n" + "".join(
    f"GOOD-{number},Sensor headlamp {number},12.30,5,<p>Wave.</p>\n" for number in range(1, 7)
)
ZEROS = 80_000_000
END_BYTES = 22


def packed(entries):
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries:
            archive.writestr(name, content)
    return target.getvalue()


def bomb():
    return packed([("feed.csv", b"0" * ZEROS)])


def lying_bomb():
    """Return a bomb whose directory states a small size."""
    content = bomb()
    return content.replace(ZEROS.to_bytes(4, "little"), (1000).to_bytes(4, "little"))


def gzip_bomb():
    return gzip.compress(b"0" * ZEROS)


def link():
    entry = zipfile.ZipInfo("feed.csv")
    entry.create_system = 3
    entry.external_attr = (stat.S_IFLNK | 0o777) << 16
    return packed([(entry, "/etc/passwd")])


def crowd():
    return packed([(f"{number}.csv", "SKU\n1\n") for number in range(2_000)])


def hidden_crowd():
    """Return ``crowd`` with an end record of one file and a zip64 end record of all files."""
    content = crowd()
    entries, list_bytes, list_at = struct.unpack("<HII", content[-12:-2])
    second = struct.pack(
        "<4sQ2H2I4Q", b"PK\6\6", 44, 45, 45, 0, 0, entries, entries, list_bytes, list_at
    )
    locator = struct.pack("<4sIQI", b"PK\6\7", 0, len(content) - END_BYTES, 1)
    end = struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, 1, 1, 60, list_at, 0)
    hidden = content[:-END_BYTES] + second + locator + end
    with zipfile.ZipFile(io.BytesIO(hidden)) as archive:
        assert len(archive.namelist()) == entries
    return hidden


def climbing():
    """Return a good file with a name that leads out of its folder."""
    return packed([("../../../../tmp/evil.csv", GOOD), ("/etc/cron.d/evil", "x")])


def workbook_with_formulas():
    from openpyxl import Workbook  # noqa: PLC0415

    book = Workbook()
    sheet = book.active
    sheet.append(["SKU", "Name", "Price", "Stock"])
    sheet.append(["GOOD-1", "Sensor headlamp one", 12.3, 5])
    sheet.append(["PRICE-F", "Headlamp price", "=6*2", 5])
    sheet.append(["STOCK-F", "Headlamp stock", 12.3, '=HYPERLINK("http://evil.example")'])
    sheet.append(["=A2", "Headlamp name", 12.3, 5])
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


# Files that are rejected as a whole: how to build them, and a word of the reason.
WHOLE = {
    "archive that unpacks to zeros": (bomb, "too large"),
    "archive that lies about its size": (lying_bomb, "archive"),
    "gzip that unpacks to zeros": (gzip_bomb, "too large"),
    "archive with a link": (link, "link"),
    "archive with thousands of files": (crowd, "contains more than"),
    "archive that hides thousands of files": (hidden_crowd, "contains more than"),
    "archive in an archive": (
        lambda: packed([("a.zip", packed([("b.csv", GOOD)]))]),
        "another archive",
    ),
    "archive cut off": (lambda: packed([("a.csv", GOOD)])[:60], "The end of the ZIP"),
    "gzip cut off": (lambda: gzip.compress(GOOD.encode())[:40], "damaged"),
    "empty archive": (lambda: packed([]), "no file"),
    "nothing": (lambda: b"", "empty"),
    "spaces": (lambda: b"  \n \n", "empty"),
    "a million columns": (lambda: b"," * 1_000_000 + b"\n1\n", "longer than"),
    "two thousand columns": (lambda: b"a," * 2_000 + b"\n1\n", "2001 columns"),
    "a million nested tags": (lambda: b"<a>" * 1_000_000, "depth"),
    "nested JSON": (lambda: b'[{"SKU":' + b"[" * 100_000, "levels deep"),
    "a number of 100,000 digits": (
        lambda: b'[{"SKU":"A","Price":' + b"1" * 100_000 + b"}]",
        "JSON",
    ),
    "one value of 9 MB": (
        lambda: b'[{"SKU":"' + b"A" * 9_000_000 + b'"}]',
        "larger than 4000000 bytes",
    ),
    "one element of 9 MB": (
        lambda: b"<c><p><SKU>1</SKU></p><p><SKU>" + b"<i/>" * 3_000_000,
        "larger than 4000000 bytes",
    ),
    "not text at all": (lambda: bytes(range(256)) * 400, ""),
}
