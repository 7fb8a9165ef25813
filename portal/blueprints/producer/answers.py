"""What a producer answers without an annex: an objection, the completion, where it published, the recall number."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import wtforms
from flask import flash, redirect, request
from werkzeug.wrappers import Response

from portal.blueprints.producer.access import file_url, given_token, holder, link_to, page_for_holder
from portal.process.errors import Invalid, Refusal
from portal.process.recall_case import transition
from portal.rules.problem import Problem
from portal.services.consultation.material import UploadedFile
from portal.services.recall import producer_answers
from portal.services.recall.answer_drafts import DraftFiles, objection_draft, require_room, save_answer_draft
from portal.services.recall.case_documents import OBJECTION, Typed
from portal.services.recall.producer_request import LABELS, producer_request
from portal.storage.kinds import ACCEPT
from portal.web.acting import look, now, perform_signed_out, write
from portal.web.annex_filling import give_up, shown_files, take_proof
from portal.web.fields import DateField, LongTextField, TextField
from portal.web.forms import PortalForm, submit, typed
from portal.web.fragments import render

Answer = str | Response | tuple[str, int]
SIGNER = "签署人姓名"


class AnswerForm(PortalForm):
    """What is said, and who signs it off."""

    def given(self) -> dict[str, Any]:
        """The service's arguments."""
        named = {field.short_name: field.data for field in self if field.short_name != "signed_by"}
        return {name: value if value is not None or name.endswith("_on") else "" for name, value in named.items()}


class CompletionForm(AnswerForm):
    """The plan is completed."""

    completed_on = DateField("召回完成日期")
    signed_by = TextField(SIGNER, longest=60)


class PublicationForm(AnswerForm):
    """Where the public was told."""

    place = LongTextField("发布渠道和网址", longest=500, description="网站、电商平台、门店或者新闻媒体，写明网址。")
    published_on = DateField("发布日期")
    signed_by = TextField(SIGNER, longest=60)


class NumberForm(AnswerForm):
    """The number of the national system."""

    number = TextField("召回编号", longest=40, description="在国家消费品召回综合管理信息系统报告后由系统自动生成。")
    signed_by = TextField(SIGNER, longest=60)


class ObjectionForm(PortalForm):
    """An objection in words, with proof."""

    words = LongTextField("异议的书面说明", description="写明对缺陷调查结果的异议、事实和理由。")
    proof = wtforms.MultipleFileField("证明材料", description="检测报告、鉴定意见等，可选多个文件。")
    signed_by = TextField(SIGNER, longest=60, description="提交时填写。")


@dataclass(frozen=True)
class AnswerPage:
    """A page of one act that needs no annex."""

    act: str
    form: type[AnswerForm]
    done: str
    says: tuple[str, ...]


PAGES = (
    AnswerPage(
        "record_completion", CompletionForm, "已报告召回完成，请按期提交召回总结。",
        ("报告后不再需要提交阶段性总结；从完成日期起计算提交召回总结的期限。",),
    ),
    AnswerPage(
        "record_producer_publication", PublicationForm, "发布情况已提交。",
        ("可以多次填报，每次填一处发布渠道。",),
    ),
    AnswerPage(
        "record_recall_number", NumberForm, "召回编号已提交。", ("编号会带入阶段性总结和召回总结，不需要再次填写。",)
    ),
)  # fmt: skip


def _add(page: AnswerPage) -> None:
    def view() -> Answer:
        form, status = page.form(typed()), 200
        if request.method == "POST":
            outcome = submit(form, _acting(page, form), act=perform_signed_out)
            if outcome:
                flash(page.done, "success")
                return redirect(link_to("show_request"), 303)
            status = outcome.status
        found = look(producer_request, token=given_token())
        reason = next((one.reason for one in found.acts if one.act == page.act), "这个链接不能用于这件事")
        return render(
            "producer/answer.html", found=found, form=form, label=LABELS[page.act], says=page.says, reason=reason,
            url=link_to(page.act), home=link_to("show_request"),
        ), status  # fmt: skip

    view.__doc__ = f"{LABELS[page.act]}."
    page_for_holder(f"/{page.act.replace('_', '-')}", methods=("GET", "POST"), endpoint=page.act)(view)


def _acting(page: AnswerPage, form: AnswerForm) -> Callable[..., Any]:
    source = holder(form["signed_by"].data or "")

    def act(db: Any, *, now: Any) -> Any:
        return getattr(producer_answers, page.act)(db, source=source, now=now, **form.given())

    return act


@page_for_holder("/raise-objection", methods=("GET", "POST"))
def raise_objection() -> Answer:
    """提出异议. What was written is saved first, so that it is there when it comes too late to be taken."""
    form, status = ObjectionForm(typed()), 200
    if request.method == "POST":
        status = _save_objection(form) if form.validate() else Invalid.status
        if status == 200 and not {"save", "remove_photograph"} & set(request.form):
            source = holder(form.signed_by.data or "")
            words = form.words.data or ""
            done = submit(form, producer_answers.raise_objection, act=perform_signed_out, source=source, words=words)
            if done:
                flash("异议已提交，由市场监督管理局审查并答复。", "success")
                return redirect(link_to("show_request"), 303)
            status = done.status
        elif status == 200:
            flash("已保存，可以随时用同一链接回来继续填写。", "done")
            return redirect(link_to("raise_objection"), 303)
    draft = look(objection_draft, source=holder())
    if request.method == "GET":
        form.words.data = draft.words
    found = look(producer_request, token=given_token())
    return render(
        "producer/objection.html", found=found, form=form, files=shown_files(draft.files, file_url), accept=ACCEPT,
        version=draft.version,
        label=transition("raise_objection").label, url=link_to("raise_objection"), home=link_to("show_request"),
        reason=next((one.reason for one in found.acts if one.act == "raise_objection"), ""),
    ), status  # fmt: skip


def _save_objection(form: ObjectionForm) -> int:
    """Save text and proof; what is wrong stands on the form. Returns the status to answer with, 200 if nothing is."""
    proof: list[UploadedFile] = []
    problems: list[Problem] = []
    try:
        look(require_room, source=holder(), act="raise_objection")
        proof, problems = take_proof()
        write(
            save_answer_draft, source=holder(), act="raise_objection", annex=OBJECTION,
            typed=Typed({"words": form.words.data or ""}), version=request.form.get("version", type=int),
            files=DraftFiles(proof=proof, removed=request.form.getlist("remove_photograph")), now=now(),
        )  # fmt: skip
    except Refusal as refused:
        give_up({}, proof)
        form.refuse("", refused.message)
        return refused.status
    for problem in problems:
        form.add(problem)
    return Invalid.status if problems else 200


for _page in PAGES:
    _add(_page)
