"""Certificates of institutions for tests, from a certification authority of their own."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, pkcs12
from cryptography.x509.oid import NameOID

from tests.factories.world import NOON

PASSWORD = "印章 2026"


@cache
def key_of(owner: str) -> RSAPrivateKey:
    """A key for each owner, made once in a run."""
    return generate_private_key(public_exponent=65537, key_size=2048)


def certificate(
    owner: str, issuer: str, *, begins: datetime = NOON - timedelta(days=1), days: int = 900
) -> x509.Certificate:
    """A certificate for `owner`; it is self-issued where owner and issuer are one."""
    is_authority = owner == issuer == "测试 CA"
    usage = dict.fromkeys(
        ("key_encipherment", "data_encipherment", "key_agreement", "encipher_only", "decipher_only"), False
    )
    builder = (
        x509.CertificateBuilder()
        .subject_name(_name(owner))
        .issuer_name(_name(issuer))
        .public_key(key_of(owner).public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(begins + timedelta(days=days))
        .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
        .add_extension(
            x509.KeyUsage(
                digital_signature=True, content_commitment=True, key_cert_sign=is_authority, crl_sign=is_authority,
                **usage,
            ),
            critical=True,
        )
    )  # fmt: skip
    return builder.sign(key_of(issuer), hashes.SHA256())


def authority() -> bytes:
    """The authority's own certificate, in DER."""
    return certificate("测试 CA", "测试 CA").public_bytes(Encoding.DER)


def write_seal(
    folder: Path, institution: str, *, owner: str = "江苏省消费品召回技术中心", issuer: str = "测试 CA", **validity: Any
) -> None:
    """Put `<institution>.p12` and `<institution>.pass` into the folder."""
    folder.mkdir(exist_ok=True)
    sealed = pkcs12.serialize_key_and_certificates(
        b"seal", key_of(owner), certificate(owner, issuer, **validity), None, BestAvailableEncryption(PASSWORD.encode())
    )
    (folder / f"{institution}.p12").write_bytes(sealed)
    (folder / f"{institution}.pass").write_text(f"{PASSWORD}\n", "utf-8")


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COUNTRY_NAME, "CN"), x509.NameAttribute(NameOID.COMMON_NAME, common)])
