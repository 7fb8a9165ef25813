"""Kinds of files: both name and content decide, Office files are measured, macros stay outside."""

import io
import struct
import zipfile
from contextlib import suppress

import docx
import pytest

from portal.storage.kinds import ACCEPT, FileRefused, check_kind, clean_name

FREE, END, TABLE = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD
SECTOR = 512


def ole_file(streams, storages=()):
    """A small OLE container: a header, one sector of allocation table, the directory, then the streams."""
    names = [("Root Entry", 5, END, 0)] + [(name, 1, 0, 0) for name in storages]
    directory_sectors = -(-(len(names) + len(streams)) // 4)
    table = [TABLE] + [number + 2 for number in range(directory_sectors - 1)] + [END]
    body = b""
    for name, content in streams.items():
        count = -(-max(len(content), 4096) // SECTOR)
        start = len(table)
        names.append((name, 2, start, count * SECTOR))
        table += [start + number + 1 for number in range(count - 1)] + [END]
        body += content.ljust(count * SECTOR, b"\0")
    directory = b""
    for name, kind, start, size in names:
        label = name.encode("utf-16-le") + b"\0\0"
        entry = label.ljust(64, b"\0") + struct.pack("<HB", len(label), kind)
        directory += entry.ljust(116, b"\0") + struct.pack("<III", start, size, 0)
    header = bytes.fromhex("d0cf11e0a1b11ae1").ljust(24, b"\0") + struct.pack("<HHHHH", 62, 3, 0xFFFE, 9, 6)
    header = header.ljust(44, b"\0") + struct.pack("<IIIIIIII", 1, 1, 0, 4096, END, 0, END, 0)
    header += struct.pack("<109I", 0, *[FREE] * 108)
    table_sector = struct.pack(f"<{len(table)}I", *table).ljust(SECTOR, b"\xff")
    return header + table_sector + directory.ljust(directory_sectors * SECTOR, b"\0") + body


def word_file():
    stream = io.BytesIO()
    document = docx.Document()
    document.add_paragraph("检测报告")
    document.save(stream)
    return stream.getvalue()


def package(parts, *, types=b"<Types/>"):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as target:
        target.writestr("[Content_Types].xml", types)
        for name, content in parts.items():
            target.writestr(name, content)
    return stream.getvalue()


def workbook(*, sheet_type):
    boundsheet = struct.pack("<HHIBBBB", 0x85, 9, 0, 0, sheet_type, 1, 0) + b"A"
    return struct.pack("<HHHH", 0x809, 4, 0x600, 5) + boundsheet + struct.pack("<HH", 0x0A, 0)


def slides(*, has_macros):
    return b"\0" * 700 + bytes.fromhex("1f00ff0314000000020000040c000000") + struct.pack("<III", 3, has_macros, 2)


GOOD = {
    "报告.pdf": b"%PDF-1.7\n",
    "照片.jpg": b"\xff\xd8\xff\xe0\0\x10JFIF",
    "照片.JPEG": b"\xff\xd8\xff\xe1",
    "图.png": b"\x89PNG\r\n\x1a\n\0\0",
    "图.webp": b"RIFF\x10\0\0\0WEBPVP8 ",
    "报告.docx": word_file(),
    "数据.xlsx": package({"xl/workbook.xml": b"<workbook/>"}),
    "讲解.pptx": package({"ppt/presentation.xml": b"<p/>"}),
    "旧.doc": ole_file({"WordDocument": b"w"}),
    "旧.xls": ole_file({"Workbook": workbook(sheet_type=0)}),
    "旧.ppt": ole_file({"PowerPoint Document": slides(has_macros=0)}),
    "试验.mp4": b"\0\0\0\x20ftypisom\0\0\2\0",
    "试验.mov": b"\0\0\0\x14ftypqt  \0\0\0\0",
    "试验.webm": b"\x1a\x45\xdf\xa3\x9f\x42\x86\x81\x01\x42\x82\x84webm",
}
MACROS = {
    "宏.docx": package({"word/document.xml": b"<d/>", "word/vbaProject.bin": b"x"}),
    "宏.xlsx": package({"xl/workbook.xml": b"<w/>", "xl/macrosheets/sheet1.xml": b"x"}),
    "控件.pptx": package({"ppt/presentation.xml": b"<p/>", "ppt/activeX/activeX1.bin": b"x"}),
    "改名.docx": package(
        {"word/document.xml": b"<d/>"},
        types=b'<Override ContentType="application/vnd.ms-word.document.macroEnabled.main+xml"/>',
    ),
    "宏.doc": ole_file({"WordDocument": b"w"}, storages=["Macros"]),
    "宏.xls": ole_file({"Workbook": workbook(sheet_type=0)}, storages=["_VBA_PROJECT_CUR"]),
    "宏表.xls": ole_file({"Workbook": workbook(sheet_type=1)}),
    "宏.ppt": ole_file({"PowerPoint Document": slides(has_macros=1)}),
}
WRONG_CONTENT = {
    "报告.pdf": b"MZ\x90\0",
    "照片.png": GOOD["照片.jpg"],
    "报告.docx": GOOD["数据.xlsx"],
    "包.xlsx": b"PK\x03\x04 but nothing behind it",
    "包.pptx": package({"readme.txt": b"x"}),
    "旧.doc": GOOD["旧.xls"],
    "断.doc": GOOD["旧.doc"][:600],
    "试验.mp4": GOOD["试验.mov"],
    "试验.webm": b"\x1a\x45\xdf\xa3\x9f\x42\x82\x88matroska",
}


def refused(name, content):
    with pytest.raises(FileRefused) as refusal:
        check_kind(io.BytesIO(content), name)
    assert f"上传规则：{refusal.value.rule}" in str(refusal.value)
    return refusal.value


@pytest.mark.parametrize("name", GOOD)
def test_allowed_kinds(name):
    stream = io.BytesIO(GOOD[name])
    stream.read(3)
    kind = check_kind(stream, name)
    assert stream.tell() == 0
    assert f".{kind.extension}" in ACCEPT.split(",")
    assert kind.extension == name.rsplit(".", 1)[1].lower().replace("jpeg", "jpg")
    assert "/" in kind.media_type


@pytest.mark.parametrize("name", ["a.exe", "a.docm", "a.zip", "a.html", "a.svg", "a", "a.pdf.js", ""])
def test_other_kinds_are_refused_by_name(name):
    assert refused(name, b"%PDF-1.7").rule == "种类"


@pytest.mark.parametrize("name", WRONG_CONTENT)
def test_a_name_that_does_not_fit_the_content(name):
    assert refused(name, WRONG_CONTENT[name]).rule == "名称与内容一致"


@pytest.mark.parametrize("name", MACROS)
def test_macros_stay_outside(name):
    assert refused(name, MACROS[name]).rule == "不含宏"


def test_an_empty_file():
    assert refused("报告.pdf", b"").rule == "空文件"


def test_files_with_a_password():
    assert refused("报告.docx", ole_file({"EncryptedPackage": b"x"})).rule == "加密文件"
    content = bytearray(package({"word/document.xml": b"<d/>"}))
    for entry in (content.find(b"PK\x01\x02"), content.rfind(b"PK\x01\x02")):
        content[entry + 8] |= 1
    assert refused("报告.docx", bytes(content)).rule == "加密文件"


def test_a_bomb_is_measured_and_not_unpacked():
    bomb = package({"word/document.xml": b"<d/>", "word/media/a.bin": bytes(40 * 1024 * 1024)})
    assert len(bomb) < 100_000
    assert refused("报告.docx", bomb).rule == "压缩比"


def test_too_many_parts():
    content = package({"word/document.xml": b"", **{f"word/{number}": b"" for number in range(10_000)}})
    assert refused("报告.docx", content).rule == "压缩比"


def test_parts_that_overlap():
    content = bytearray(package({"word/document.xml": b"<d/>", "word/other.xml": b"<d/>"}))
    second = content.find(b"PK\x01\x02", content.find(b"PK\x01\x02") + 1)
    third = content.find(b"PK\x01\x02", second + 1)
    content[third + 42 : third + 46] = content[second + 42 : second + 46]
    assert refused("报告.docx", bytes(content)).rule == "压缩比"


@pytest.mark.parametrize("offset", range(24, 80, 4))
@pytest.mark.parametrize("value", [0, 1, 0x7FFFFFFF, 0xFFFFFFFF])
def test_a_broken_container_is_refused_or_read_but_never_crashes(offset, value):
    content = bytearray(GOOD["旧.doc"])
    struct.pack_into("<I", content, offset, value)
    with suppress(FileRefused):
        assert check_kind(io.BytesIO(bytes(content)), "旧.doc").extension == "doc"


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("报告.pdf", "报告.pdf"),
        ("C:\\Users\\王\\报告 1.pdf", "报告 1.pdf"),
        ("../../etc/passwd.pdf", "passwd.pdf"),
        ("a\r\nContent-Type: x\u202efdp.pdf", "aContent-Type: xfdp.pdf"),
        (".pdf", "文件.pdf"),
        ("", "文件"),
        ("长" * 300 + ".pdf", "长" * 116 + ".pdf"),
    ],
)
def test_names_are_kept_as_far_as_they_are_harmless(given, kept):
    assert clean_name(given) == kept
