"""The application as label and value, for the consultation's page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from markupsafe import Markup, escape

from portal.rules.date_words import beijing_date
from portal.rules.editions import load_edition
from portal.web.formats import paragraphs

if TYPE_CHECKING:
    from portal.models.consultation import Consultation

Facts = list[tuple[str, str | Markup]]
_ORIGINS = {"domestic": "国产", "imported": "进口"}


def application_facts(consultation: Consultation) -> Facts:
    """产品及生产信息; what was left empty and is not on the sheet is left out."""
    product, edition = consultation.product, load_edition(consultation.edition)
    labels = {option.value: option.label for option in edition.field("information_source").options}
    sources = "、".join(labels[source] for source in product.information_sources)
    if product.information_source_other:
        sources = f"{sources}（{product.information_source_other}）"
    places = {member.key: member.province for member in edition.alliance.members} | {"other": "长三角以外"}
    registered = _place(places.get(product.registered_province or "", ""), product.registered_place)
    manufactured = _place(places.get(product.manufacturing_province or "", ""), product.manufacturing_place)
    producer = escape(product.producer)
    if product.credit_code:
        producer += Markup('　<span class="soft num">{}</span>').format(product.credit_code)
    if registered or manufactured:
        producer += Markup("<br>注册地 {}　实际生产地 {}").format(registered or "—", manufactured or "—")
    always: Facts = [
        ("产品名称", product.product_name),
        ("规格/型号", " ".join(part for part in (product.specification, product.model) if part)),
        ("品牌/商标", product.brand),
        ("生产者", producer),
        ("信息来源", sources),
        ("报告编号", product.report_numbers),
        ("检测依据", product.test_basis),
        ("疑似缺陷描述", paragraphs(product.suspected_defect)),
    ]
    produced = "—".join(beijing_date(day) for day in (product.produced_from, product.produced_until) if day)
    more: Facts = [
        ("产品类别", product.product_class),
        ("批次", product.batch),
        ("生产日期", produced),
        ("涉及数量", product.quantity),
        ("国产/进口", _ORIGINS.get(product.origin or "", "")),
        ("品牌所有者", product.brand_owner),
        ("控股/母公司", product.parent_company),
        ("检测机构", product.test_laboratory),
    ]
    return [*always, *(line for line in more if line[1])]


def ground_facts(consultation: Consultation) -> Facts:
    """The grounds with what bears them out, and the preliminary verification."""
    edition, verification = load_edition(consultation.edition), consultation.verification
    found: Facts = []
    by_name = {ground.name: ground for ground in edition.grounds}
    for row in consultation.grounds:
        ground = by_name[row.ground]
        lines = [ground.text, row.arrangement, row.reason]
        if row.arranged_on:
            lines.append(f"{beijing_date(row.arranged_on)} {row.document_number}")
        found.append((edition.cite(ground.article), Markup("<br>").join(line for line in lines if line)))
    return [
        *found,
        ("核实内容", paragraphs(verification.checked)),
        ("核实结果", paragraphs(verification.result)),
        ("核实人", f"{verification.verified_by}　{beijing_date(verification.verified_on)}"),
    ]


def _place(province: str, place: str) -> str:
    """The province and the place in it, which may say the province itself."""
    return place if place.startswith(province) else f"{province}{place}"
