"""Forms, and the one way a view submits them: the shape first, then the service, problems beside their fields."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Concatenate, Generic, Protocol, TypeVar, cast

import wtforms
from flask import request
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError
from werkzeug.datastructures import CombinedMultiDict

from portal.process.errors import Invalid, NotFound, Refusal
from portal.rules.editions import load_edition
from portal.rules.problem import Problem
from portal.services.account_sessions import REFUSED_PASSWORD
from portal.web.acting import perform
from portal.web.sessions import confirm_password

T = TypeVar("T")

CLASHES = "您提交的内容与他人刚刚保存的记录冲突。请核对最新内容后再提交，您填写的内容仍在页面上。"


class FieldError(str):
    """A message beside a field, with the article it rests on ("" for none)."""

    __slots__ = ("article",)
    article: str

    def __new__(cls, message: str, article: str = "") -> FieldError:
        """A string that also knows its article."""
        made = super().__new__(cls, message)
        made.article = article
        return made


class _Translations:
    """What WTForms says by itself, in Chinese: only about choices, everything else the fields here say."""

    def gettext(self, string: str) -> str:
        """The Chinese words."""
        return "请从列出的选项中选择。" if "hoice" in string else string

    def ngettext(self, singular: str, plural: str, n: int) -> str:
        """Chinese has one form."""
        return self.gettext(singular if n == 1 else plural)


_TRANSLATIONS = _Translations()


class PortalForm(wtforms.Form):
    """A form of the portal. Fields show problems by their name; what fits no field stands in the summary."""

    class Meta:
        """WTForms' options."""

        locales = False

        def get_translations(self, form: wtforms.Form) -> _Translations:
            """Chinese."""
            return _TRANSLATIONS

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.general: list[Problem] = []

    def add(self, problem: Problem) -> None:
        """Put a problem beside its field, or into the summary when the form has no such field."""
        field = self.find(problem.field)
        if field is None:
            self.general.append(problem)
        else:
            field.errors = [*field.errors, FieldError(problem.message, article_beside(problem))]

    def refuse(self, field: str, message: str) -> int:
        """Put one problem where it belongs ("": into the summary); the status of the answer."""
        self.add(Problem(field, message, ""))
        return Invalid.status

    def find(self, name: str) -> wtforms.Field | None:
        """The field of that name, also inside a part of the form (`parts-0-name`, or just its last word)."""
        fields = [field for field in _fields_of(self) if name]
        exact = next((field for field in fields if field.name == name), None)
        return exact or next((field for field in fields if field.short_name == name), None)

    @property
    def problems(self) -> list[tuple[str, str, str]]:
        """For the summary: (id of the field, "" for none; message; article), in the order of the page."""
        general = [("", problem.message, article_beside(problem)) for problem in self.general]
        fields = [
            (field.id, str(error), getattr(error, "article", ""))
            for field in _fields_of(self)
            for error in field.errors
            if isinstance(error, str)
        ]
        return [*general, *fields]


@dataclass
class Submission(Generic[T]):
    """What came of a submitted form; true when it was done."""

    value: T | None = None
    status: int = 200

    def __bool__(self) -> bool:
        return self.status == 200

    @property
    def done(self) -> T:
        """What the service returned; only after a submission that was done."""
        if not self:
            raise LookupError("the submission was refused")
        return cast("T", self.value)


def typed() -> Any:
    """What came with a POST, files included; None on GET, so that a form shows what is saved."""
    return CombinedMultiDict([request.form, request.files]) if request.method == "POST" else None


class Submittable(Protocol):
    """What `submit` takes: a form, or several as one."""

    general: list[Problem]

    def validate(self) -> bool:
        """Whether the shape is right; what is wrong is said beside its field."""

    def add(self, problem: Problem) -> None:
        """Put a problem beside its field."""

    def refuse(self, field: str, message: str) -> int:
        """Put one problem where it belongs; the status of the answer."""


def submit(
    form: Submittable,
    service: Callable[Concatenate[Session, ...], T],
    *,
    confirmed_by: wtforms.Field | None = None,
    act: Any = perform,
    **arguments: Any,
) -> Submission[T]:
    """Check the form's shape, then perform `service(db, actor, now, **arguments)`.

    An argument that is a function is called first, once the shape is right: `given=form.given`.
    `act` is how it is performed: `perform_signed_out` where nobody is signed in.
    `confirmed_by` is the field in which the actor proves the own password before an act such as signing.
    A refusal leaves everything typed on the form with the problems where they belong, and gives the status
    for the answer (422, 409, 403); only NotFound goes on to its page.
    """
    if not form.validate():
        return Submission(status=422)
    if confirmed_by is not None and not confirm_password(confirmed_by.data or ""):
        return Submission(status=form.refuse(confirmed_by.name, REFUSED_PASSWORD))
    try:
        values = {name: value() if callable(value) else value for name, value in arguments.items()}
        return Submission(act(service, **values))
    except NotFound:
        raise
    except Invalid as refusal:
        for problem in refusal.problems:
            form.add(problem)
        return Submission(status=refusal.status)
    except Refusal as refusal:
        form.general.append(Problem("", refusal.message, refusal.article or ""))
        return Submission(status=refusal.status)
    except (IntegrityError, StaleDataError):
        # Somebody else was a moment faster: a constraint or the version column said so at the commit.
        form.general.append(Problem("", CLASHES, ""))
        return Submission(status=409)


def article_beside(problem: Problem) -> str:
    """The article that stands beside a problem's message; "" where the message names it already."""
    words = article_words(problem.article)
    return "" if words in problem.message else words


def article_words(article: str) -> str:
    """An article as a page says it (第八条（二）); another standard's number stays as it is."""
    try:
        return load_edition().cite(article) if article else ""
    except KeyError:
        return article


def _fields_of(form: Any) -> Iterator[wtforms.Field]:
    """All fields that can carry a problem, those inside of parts as well; a part itself (FormField) cannot."""
    for field in form:
        if isinstance(field, wtforms.FormField | wtforms.FieldList):
            yield from _fields_of(field)
        if not isinstance(field, wtforms.FormField):
            yield field
