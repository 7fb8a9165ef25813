"""Forms about fees that belong to no single consultation."""

from __future__ import annotations

from typing import Any

import wtforms

from portal.rules.fees import TITLE_CLASS_LABELS, WORKS
from portal.rules.identity import DOCUMENT_KINDS
from portal.services.fee_rates import LINES, Line, field_of
from portal.services.payment_details import LABELS, DetailsInput
from portal.web.fields import DateField, TextField
from portal.web.forms import PortalForm


class RatesForm(PortalForm):
    """New rates from a day on: one field for each kind of work and class of experts."""

    valid_from = DateField("起始日期", description="自这一天起召开的会诊按新标准")

    def amounts(self) -> dict[Line, str]:
        """What was typed, by line."""
        return {line: self[field_of(line)].data or "" for line in LINES}


for _line in LINES:
    _label = f"{WORKS[_line[0]]}，{TITLE_CLASS_LABELS[_line[1]]}（元）"
    setattr(RatesForm, field_of(_line), TextField(_label, longest=20))


class DetailsForm(PortalForm):
    """收款信息 of an expert; always entered as a whole, never shown again in full to who enters it."""

    id_kind = wtforms.SelectField(LABELS["id_kind"], choices=DOCUMENT_KINDS, default="resident_card")
    id_number = TextField(LABELS["id_number"], longest=30)
    bank = TextField(LABELS["bank"], longest=60, description="如 中国银行")
    branch = TextField(LABELS["branch"], longest=60, description="如 上海市徐汇支行")
    account = TextField(LABELS["account"], longest=50)
    phone = TextField(LABELS["phone"], longest=30)

    def given(self) -> DetailsInput:
        """What was typed, for the service."""
        return DetailsInput(**{name: self[name].data or "" for name in LABELS})


class SelectionForm(PortalForm):
    """Fees chosen for a payment sheet."""

    fee_ids = wtforms.SelectMultipleField("劳务费", coerce=int)


class TrialForm(PortalForm):
    """An amount before or after tax."""

    amount = TextField("金额（元）", longest=20)
    basis = wtforms.RadioField("这是", choices={"gross": "税前金额", "net": "税后（实发）金额"}, default="gross")


def kept_choices(rows: Any) -> dict[str, str]:
    """The choices of a selection: number of the fee, name of the expert."""
    return {str(row.line.fee.id): row.name for row in rows}
