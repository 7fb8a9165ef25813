"""Recording a clue, correcting it, and a producer that reports a recall by itself."""

from __future__ import annotations

from typing import Any

import wtforms
from flask import flash, redirect, request, url_for
from werkzeug.wrappers import Response

from portal.blueprints.recall import blueprint
from portal.rules.dates import beijing_day
from portal.rules.recall.editions import DEFAULT_PROVINCE, shipped_recall_editions
from portal.rules.regions import shipped_areas
from portal.services.consultation.material import UploadedFile
from portal.services.recall import clue as step
from portal.services.recall.clue import PRODUCT_TEXTS, ClueInput
from portal.storage.kinds import ACCEPT
from portal.web.acting import look, now
from portal.web.fields import DateField, LongTextField, TextField
from portal.web.forms import PortalForm, submit, typed
from portal.web.fragments import render
from portal.web.guard import requires
from portal.web.uploads import UploadForm

_LONG = ("batches", "defect", "consequence", "report_numbers")
_ORIGINS = {"": "请选择", "domestic": "国产", "imported": "进口"}


def _channels() -> dict[str, str]:
    edition = next(one for one in shipped_recall_editions() if one.province == DEFAULT_PROVINCE)
    return {"": "请选择", **{name: channel.label for name, channel in edition.channels.items()}}


def _areas() -> dict[str, dict[str, str]]:
    """The cities by province; a municipality stands in its own group."""
    areas = shipped_areas().values()
    provinces = [area for area in areas if area.level == "province"]
    return {
        province.name: {
            one.code: one.name if one is province else f"{province.name}{one.name}"
            for one in areas
            if one.province == province.province and (one.level == "city" or one.code == province.code)
        }
        for province in provinces
    }


class ProductForm(PortalForm):
    """What is known of the clue, the product and its producer."""

    channel = wtforms.SelectField("线索来源", choices=_channels(), default="", validate_choice=False)
    channel_note = TextField("来源说明", longest=200, description="例如抽查任务名称、投诉编号；选“其他”时必填。")
    found_on = DateField("发现日期")
    origin = wtforms.SelectField("产品生产类型", choices=_ORIGINS, default="", validate_choice=False)
    produced_from = DateField("生产日期自")
    produced_until = DateField("生产日期至")
    producer_area = wtforms.SelectField("生产者所在地", choices={}, default="", validate_choice=False)
    product_name = TextField("产品名称", longest=120)
    product_class = TextField("产品类型", longest=60, description="例如儿童用品、家用电器、电动自行车。")
    brand = TextField("商标", longest=120)
    model = TextField("型号", longest=120)
    specification = TextField("规格", longest=120)
    batches = LongTextField("批次", longest=2000)
    quantity = TextField("数量", longest=60, description="已知的生产或者销售数量。")
    producer = TextField("生产者名称", longest=120)
    credit_code = TextField("统一社会信用代码", longest=18)
    address = TextField("生产者地址", longest=200)
    legal_representative = TextField("法定代表人", longest=60)
    contact = TextField("联系人", longest=60)
    phone = TextField("联系电话", longest=60)
    email = TextField("电子邮箱", longest=254)
    defect = LongTextField("可能存在的缺陷描述", longest=5000)
    consequence = LongTextField("缺陷可能导致的后果", longest=5000)
    report_numbers = LongTextField("检测报告编号", longest=2000)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.producer_area.choices = {"": [("", "不清楚")], **{name: list(of.items()) for name, of in _areas().items()}}

    def clue(self) -> ClueInput:
        """What was typed."""
        return ClueInput(
            channel=self.channel.data or "",
            channel_note=self.channel_note.data or "",
            found_on=self.found_on.data,
            product={name: self[name].data or "" for name in PRODUCT_TEXTS},
            origin=self.origin.data or None,
            produced_from=self.produced_from.data,
            produced_until=self.produced_until.data,
        )


class ClueForm(UploadForm, ProductForm):
    """A new clue, with the file that it came with."""

    article = ""

    def files(self) -> list[UploadedFile]:
        """The file, where there is one."""
        found = self.uploaded_if_any()
        return [found] if found is not None else []


@blueprint.route("/new", methods=["GET", "POST"])
@requires("begin_case")
def record_clue() -> str | Response | tuple[str, int]:
    """登记缺陷线索."""
    return _begin("登记线索", step.record_clue, "线索已登记。")


@blueprint.route("/voluntary", methods=["GET", "POST"])
@requires("begin_voluntary_case")
def receive_voluntary_plan() -> str | Response | tuple[str, int]:
    """接收生产者主动报告的召回."""
    return _begin("接收主动召回报告", step.receive_voluntary_plan, "已接收，请发送填报链接，或者录入附件6、7、8。")


@blueprint.route("/<int:case_id>/edit-clue", methods=["GET", "POST"])
@requires("edit_clue")
def edit_clue(case_id: int) -> str | Response | tuple[str, int]:
    """更正线索信息."""
    case = look(step.clue_to_edit, case_id=case_id)
    shown = {name: getattr(case.product, name) for name in PRODUCT_TEXTS}
    shown |= {name: getattr(case.product, name) for name in ("origin", "produced_from", "produced_until")}
    shown |= {"channel": case.channel, "channel_note": case.channel_note, "found_on": case.found_on}
    form, status = ProductForm(typed(), data=shown), 200
    version = request.form.get("version", type=int) or case.version
    if request.method == "POST":
        outcome = submit(form, step.edit_clue, case_id=case_id, given=form.clue, version=version)
        if outcome:
            flash("线索信息已更正。", "success")
            return redirect(url_for("recall.view_case", case_id=case_id), 303)
        status = outcome.status
    return render("recall/clue.html", form=form, title="更正线索信息", case=case, version=version, accept=""), status


def _begin(title: str, service: Any, done: str) -> str | Response | tuple[str, int]:
    form, status = ClueForm(typed(), data={"found_on": beijing_day(now())}), 200
    if request.method == "POST":
        form.take_file()
        outcome = submit(form, service, given=form.clue, files=form.files)
        if outcome:
            flash(done, "success")
            return redirect(url_for("recall.view_case", case_id=outcome.done.id), 303)
        status = outcome.status
        form.keep_for_next_try()
    return render("recall/clue.html", form=form, title=title, case=None, version=0, accept=ACCEPT), status
