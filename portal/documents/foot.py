"""What stands at the foot of a document: which it is, whose, since when unchanged, and where that can be checked."""

from __future__ import annotations

from dataclasses import dataclass, replace
from io import BytesIO
from typing import Any

from portal.documents.verification_code import code_of

_PIXELS_A_MODULE = 8


@dataclass(frozen=True, slots=True)
class Foot:
    """Number, version, signer, instant and digest in words. Without `url` there is no QR code.

    `on_paper` says how a sheet signed by hand came into the portal; `code` is what a reader types on the verification
    page, `url` the address of that page with the code in it.
    """

    number: str = ""
    version: str = ""
    signer: str = ""
    signed_at: str = ""
    digest: str = ""
    code: str = ""
    url: str = ""
    on_paper: tuple[str, ...] = ()

    def leading_to(self, verification_url: str) -> Foot:
        """The same with its code and the address of the verification page; as it is where nobody has signed."""
        code = code_of(self.digest)
        return replace(self, code=code, url=f"{verification_url}/{code}") if code else self

    @property
    def lines(self) -> tuple[str, ...]:
        """What is printed, line by line; empty for a document that nobody has signed."""
        if not self.digest:
            return ()
        signed = f"签名　{self.signer}　{self.signed_at}".rstrip() if self.signer else ""
        numbered = "　".join(part for part in (self.number, self.version) if part)
        lines = [numbered, signed, *self.on_paper, f"SHA-256　{self.digest}"]
        if self.code or self.url:
            lines.append("　".join(part for part in (f"校验码　{self.code}" if self.code else "", self.url) if part))
        return tuple(line for line in lines if line)

    def qr_svg(self) -> str:
        """The address as a QR code (ISO/IEC 18004) in SVG; empty without an address."""
        if not self.url:
            return ""
        buffer = BytesIO()
        _qr(self.url).save(buffer, kind="svg", border=0, xmldecl=False)
        return buffer.getvalue().decode("utf-8")

    def qr_png(self) -> bytes:
        """The same as PNG; empty without an address."""
        if not self.url:
            return b""
        buffer = BytesIO()
        _qr(self.url).save(buffer, kind="png", border=0, scale=_PIXELS_A_MODULE)
        return buffer.getvalue()


def qr_svg(url: str) -> str:
    """An address as a QR code (ISO/IEC 18004) in SVG, as large as the page makes it."""
    buffer = BytesIO()
    _qr(url).save(buffer, kind="svg", border=2, xmldecl=False, omitsize=True)
    return buffer.getvalue().decode("utf-8")


def _qr(url: str) -> Any:
    import segno  # few processes ever make a document

    return segno.make(url, error="m", micro=False)
