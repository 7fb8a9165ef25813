"""The bare twins of the sheet: a form of 30 fields as Flask-WTF makes it, checked by twenty rules, and saved."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from flask import Flask, render_template, request
from flask_wtf import FlaskForm
from sqlalchemy import Column, DateTime, Engine, Integer, MetaData, Table, Text, insert, select
from wtforms import RadioField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import AnyOf, Length, Optional

from portal.models.consultation import Consultation

FIELDS = 30
RULES = 20
_ANSWERS = [SelectChoice("yes", "是"), SelectChoice("no", "否"), SelectChoice("uncertain", "不确定")]

_metadata = MetaData()
_entry = Table("bare_entry", _metadata, Column("id", Integer, primary_key=True), Column("answers", Text))
_event = Table(
    "bare_event",
    _metadata,
    Column("id", Integer, primary_key=True),
    Column("at", DateTime(timezone=True)),
    Column("name", Text),
)


def _fields() -> dict[str, Any]:
    """Ten fields to choose in, ten lines and ten texts."""
    kinds = (
        lambda label: RadioField(label, choices=_ANSWERS, validators=[Optional(), AnyOf(["yes", "no", "uncertain"])]),
        lambda label: StringField(label, validators=[Optional(), Length(max=120)]),
        lambda label: TextAreaField(label, validators=[Optional(), Length(max=2000)]),
    )
    return {f"field_{number}": kinds[number % 3](f"第 {number + 1} 项") for number in range(FIELDS)}


BareForm = type("BareForm", (FlaskForm,), _fields())
FILLED = {f"field_{number}": "yes" if number % 3 == 0 else f"第 {number} 项的内容" for number in range(FIELDS)}


def add_forms(app: Flask, engine: Engine) -> None:
    """Add /form/<id> (the page), /check/<id> and /save/<id> to the bare application."""
    app.secret_key = "bare"
    _metadata.create_all(engine)

    @app.get("/form/<int:number>")
    def bare_form(number: int) -> str:
        return render_template("form.html", form=BareForm(), consultation=_read(engine, number))

    @app.post("/check/<int:number>")
    def bare_check(number: int) -> str:
        form = BareForm()
        consultation = _read(engine, number)
        if not form.validate():
            raise AssertionError(form.errors)
        return render_template("checked.html", consultation=consultation, broken=_broken(form.data))

    @app.post("/save/<int:number>")
    def bare_save(number: int) -> str:
        form = BareForm()
        if not form.validate():
            raise AssertionError(form.errors)
        with engine.begin() as connection:
            connection.execute(insert(_entry).values(answers=str(form.data)))
            connection.execute(insert(_event).values(at=datetime.now(UTC), name=f"saved {number}"))
        return f"已保存 {request.path}"


def _read(engine: Engine, number: int) -> Any:
    with engine.connect() as connection:
        return connection.execute(select(Consultation.id, Consultation.stage).where(Consultation.id == number)).one()


def _broken(given: dict[str, Any]) -> list[str]:
    """Twenty rules: what is chosen must be told of in the line and in the text that follow."""
    return [
        f"第 {rule + 1} 条：请填写第 {rule + 2} 项"
        for rule in range(RULES)
        if given[f"field_{rule}"] == "yes" and not given[f"field_{rule + 1}"]
    ]
