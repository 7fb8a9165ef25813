"""电子印章: a certificate read and refused, a PDF sealed and checked by the library that others check with."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from io import BytesIO
from pathlib import Path

import pikepdf
import pytest
from asn1crypto import x509
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.fields import SigSeedSubFilter
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko.sign.validation.errors import SignatureValidationError
from pyhanko_certvalidator import ValidationContext

from portal.documents.seal import SealUnusable, read_seal
from portal.documents.sheet_pdf import sheet_pdf
from portal.documents.typography import OPEN_FONTS
from tests.documents.test_pdf_a import complaints
from tests.documents.test_sheet import full
from tests.factories.seals import PASSWORD, authority, write_seal
from tests.factories.world import NOON

CODE_URL = "https://huizhen.example.cn/verify"


@pytest.fixture(scope="module")
def content() -> bytes:
    return sheet_pdf(full(), foot=full().foot().leading_to(CODE_URL), typography=OPEN_FONTS)


@pytest.fixture(scope="module")
def sealed(content: bytes, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    folder = tmp_path_factory.mktemp("seals")
    write_seal(folder, "jiangsu")
    seal = read_seal(folder, "jiangsu", now=NOON)
    assert seal is not None
    return seal.apply(content)


def holds(content: bytes) -> bool:
    """Whether the seal is whole, covers the file and goes back to the authority."""
    try:
        (signature,) = PdfFileReader(BytesIO(content)).embedded_signatures
        roots = [x509.Certificate.load(authority())]
        context = ValidationContext(trust_roots=roots, moment=NOON, allow_fetching=False)
        # It needs an event loop of its own; a browser driven by the same test run has one in this thread.
        with ThreadPoolExecutor(max_workers=1) as aside:
            return aside.submit(validate_pdf_signature, signature, context).result().bottom_line
    except (PdfError, SignatureValidationError, ValueError):
        return False


def test_a_sealed_pdf_validates_against_the_authority(sealed: bytes) -> None:
    assert holds(sealed)
    (signature,) = PdfFileReader(BytesIO(sealed)).embedded_signatures
    assert signature.sig_object["/SubFilter"] == SigSeedSubFilter.PADES.value
    assert signature.signer_cert.subject.native["common_name"] == "江苏省消费品召回技术中心"


def test_a_caller_may_run_an_event_loop(content: bytes, tmp_path: Path) -> None:
    write_seal(tmp_path, "jiangsu")
    seal = read_seal(tmp_path, "jiangsu", now=NOON)
    assert seal is not None

    async def sealing() -> bytes:
        return seal.apply(content)

    with ThreadPoolExecutor(max_workers=1) as aside:
        assert holds(aside.submit(asyncio.run, sealing()).result())


@pytest.mark.parametrize("part", [0.01, 0.3, 0.6, 0.9])
def test_one_flipped_bit_breaks_the_seal(content: bytes, sealed: bytes, part: float) -> None:
    at = int(len(content) * part)
    assert not holds(sealed[:at] + bytes([sealed[at] ^ 1]) + sealed[at + 1 :])


def test_the_pdf_stays_as_it_was_and_pdf_a(content: bytes, sealed: bytes) -> None:
    assert sealed.startswith(content)
    assert complaints(sealed) == complaints(content) == set()
    with pikepdf.open(BytesIO(sealed)) as document, document.open_metadata() as metadata:
        assert metadata.pdfa_status == "2B"
        assert metadata["pdf:Keywords"] == full().foot().leading_to(CODE_URL).code


@pytest.mark.parametrize(("issuer", "is_self_issued"), [("测试 CA", False), ("江苏省消费品召回技术中心", True)])
def test_it_says_what_the_certificate_says(tmp_path: Path, issuer: str, is_self_issued: bool) -> None:
    write_seal(tmp_path, "jiangsu", issuer=issuer)
    seal = read_seal(tmp_path, "jiangsu", now=NOON)
    assert seal is not None
    assert seal.facts.record == {
        "subject": "CN=江苏省消费品召回技术中心,C=CN",
        "issuer": f"CN={issuer},C=CN",
        "valid_until": "2028-08-17",
        "is_self_issued": is_self_issued,
    }


def test_without_a_file_there_is_no_seal(tmp_path: Path) -> None:
    write_seal(tmp_path, "jiangsu")
    assert read_seal(tmp_path, "zhejiang", now=NOON) is None


def test_what_cannot_be_used_is_said(tmp_path: Path) -> None:
    for days, when in ((900, NOON - timedelta(days=2)), (30, NOON + timedelta(days=31))):
        write_seal(tmp_path, "jiangsu", days=days)
        with pytest.raises(SealUnusable, match="有效期"):
            read_seal(tmp_path, "jiangsu", now=when)
    secret, store = tmp_path / "jiangsu.pass", tmp_path / "jiangsu.p12"
    secret.write_text("wrong")
    with pytest.raises(SealUnusable, match="密码不对"):
        read_seal(tmp_path, "jiangsu", now=NOON)
    secret.write_text(PASSWORD, "utf-8")
    store.write_bytes(b"no certificate")
    with pytest.raises(SealUnusable, match="已损坏"):
        read_seal(tmp_path, "jiangsu", now=NOON)
    secret.unlink()
    with pytest.raises(SealUnusable, match="缺少密码文件"):
        read_seal(tmp_path, "jiangsu", now=NOON)
