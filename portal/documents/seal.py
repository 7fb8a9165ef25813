"""电子印章: sealing a PDF with an institution's certificate, PAdES-B-B (ETSI EN 319 142-1) without a mark on the page.

The portal makes no certificate and vouches for none: it repeats what the certificate says of itself.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from portal.rules.dates import beijing_day

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

FIELD_NAME = "InstitutionSeal"
_REASON = "印发"
_NO_SEALING = "证书不能用于签署 PDF"


class SealUnusable(Exception):
    """A certificate that is there and cannot be used; the message is for the administrator."""


@dataclass(frozen=True, slots=True)
class SealFacts:
    """What the certificate says."""

    subject: str
    issuer: str
    valid_until: datetime
    is_self_issued: bool  # subject and issuer are one: nobody else has confirmed the name

    @property
    def record(self) -> dict[str, Any]:
        """As it is kept with the file."""
        return {
            "subject": self.subject,
            "issuer": self.issuer,
            "valid_until": beijing_day(self.valid_until).isoformat(),
            "is_self_issued": self.is_self_issued,
        }


@dataclass(frozen=True)
class Seal:
    """A certificate with its key, ready to seal."""

    facts: SealFacts
    _pkcs12: bytes
    _password: bytes

    def apply(self, content: bytes) -> bytes:
        """Seal a PDF. Its bytes stay as they are; the signature follows them and covers all of the file.

        Raises SealUnusable for a key that no signature can be made with.
        """
        # Large, and few processes ever seal anything.
        from cryptography.exceptions import UnsupportedAlgorithm
        from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
        from pyhanko.pdf_utils.misc import PdfError
        from pyhanko.sign import signers
        from pyhanko.sign.fields import SigSeedSubFilter
        from pyhanko.sign.general import SigningError

        class Writer(IncrementalPdfFileWriter):
            def _update_meta(self) -> None:
                """Leave the metadata as the typesetter wrote it: what pyHanko makes of it is no PDF/A any more."""

        signer = signers.SimpleSigner.load_pkcs12_data(self._pkcs12, other_certs=(), passphrase=self._password)
        if signer is None:
            raise SealUnusable(_NO_SEALING)
        said = signers.PdfSignatureMetadata(
            field_name=FIELD_NAME, subfilter=SigSeedSubFilter.PADES, md_algorithm="sha256", reason=_REASON
        )
        # What is appended begins on a line of its own, as PDF/A asks of every object.
        try:
            # It needs an event loop, and a thread runs only one: where the caller's has one already, this has its own.
            with ThreadPoolExecutor(max_workers=1) as aside:
                sealing = signers.PdfSigner(said, signer=signer).sign_pdf
                sealed = aside.submit(sealing, Writer(BytesIO(content + b"\n"))).result()
        except (PdfError, SigningError, UnsupportedAlgorithm, ValueError, TypeError) as error:
            raise SealUnusable(_NO_SEALING) from error
        return bytes(sealed.getvalue())


def read_seal(folder: Path, institution: str, *, now: datetime) -> Seal | None:
    """The seal of an institution, from `<institution>.p12` and `<institution>.pass`; None where there is no such file.

    Raises SealUnusable when it cannot be read, its password is wrong, or it is not valid `now`.
    """
    store, secret = folder / f"{institution}.p12", folder / f"{institution}.pass"
    if not store.exists():
        return None
    try:
        content, password = store.read_bytes(), secret.read_text("utf-8").strip().encode()
    except FileNotFoundError:
        raise SealUnusable(f"缺少密码文件 {secret.name}") from None
    except (OSError, UnicodeDecodeError) as error:
        raise SealUnusable(f"不能读取 {store.name} 或 {secret.name}") from error
    facts, begins = _facts(content, password, store.name)
    if not begins <= now <= facts.valid_until:
        raise SealUnusable(f"证书有效期为 {beijing_day(begins)} 至 {beijing_day(facts.valid_until)}，现在不能使用")
    return Seal(facts, content, password)


def _facts(content: bytes, password: bytes, name: str) -> tuple[SealFacts, datetime]:
    """What the certificate says, and from when it is valid."""
    from cryptography.hazmat.primitives.serialization import pkcs12

    try:
        key, certificate, _others = pkcs12.load_key_and_certificates(content, password)
    except ValueError as error:
        raise SealUnusable(f"{name} 已损坏，或密码不对") from error
    if key is None or certificate is None:
        raise SealUnusable(f"{name} 中没有私钥或证书")
    if not _is_for_signing(certificate):
        raise SealUnusable("证书的用途不包括数字签名")
    facts = SealFacts(
        subject=certificate.subject.rfc4514_string(),
        issuer=certificate.issuer.rfc4514_string(),
        valid_until=certificate.not_valid_after_utc,
        is_self_issued=certificate.subject == certificate.issuer,
    )
    return facts, certificate.not_valid_before_utc


def _is_for_signing(certificate: Certificate) -> bool:
    """Where a certificate says what its key is for, signing must be among it."""
    from cryptography.x509 import ExtensionNotFound, KeyUsage

    try:
        usage = certificate.extensions.get_extension_for_class(KeyUsage).value
    except ExtensionNotFound:
        return True
    return usage.digital_signature or usage.content_commitment
