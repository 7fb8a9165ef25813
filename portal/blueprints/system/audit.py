"""The audit trail for the auditor: narrowed, paged, verified. Nothing here changes anything."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, request, url_for

from portal.services import audit as service
from portal.web.acting import look
from portal.web.fact_words import said_facts
from portal.web.fields import DateField, TextField
from portal.web.forms import PortalForm
from portal.web.fragments import render
from portal.web.guard import requires

blueprint = Blueprint("audit", __name__, url_prefix="/audit")


class AuditFilterForm(PortalForm):
    """What the trail is narrowed to; it stands in the address."""

    person = TextField("人员", longest=40)
    name = TextField("事项", longest=60)
    first = DateField("自")
    last = DateField("至")

    def chosen(self) -> service.AuditFilter:
        """The filter; a day that is none does not narrow and is told beside its field."""
        return service.AuditFilter(self.first.data, self.last.data, self.name.data or "", self.person.data or "")


@blueprint.get("")
@requires("view_audit")
def index() -> tuple[str, int]:
    """Events, newest first."""
    form = AuditFilterForm(request.args)
    status = 200 if form.validate() else 422
    found = look(service.audit_page, chosen=form.chosen(), page=request.args.get("page", 1, type=int))
    kept: Mapping[str, Any] = {name: value for name, value in request.args.items() if value and name in form}

    def url(number: int) -> str:
        return url_for("audit.index", page=number, **kept)

    return render("audit/index.html", found=found, form=form, url=url, said_facts=said_facts), status


@blueprint.get("/verification")
@requires("view_audit")
def verify() -> str:
    """Follow the chain from its first event and tell what does not fit."""
    return render("audit/verification.html", report=look(service.verify_trail))
