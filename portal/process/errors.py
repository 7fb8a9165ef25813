"""Refusals: what a person is told when something cannot be done."""

from __future__ import annotations

from collections.abc import Iterable

from portal.rules.problem import Problem


class Refusal(Exception):
    """Something that cannot be done. `status` is the HTTP status it is answered with."""

    status = 409

    def __init__(self, message: str, *, article: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.article = article


class NotFound(Refusal):
    """What a person may not see does not exist for them."""

    status = 404

    def __init__(self, message: str = "没有找到这一页，或您无权查看。") -> None:
        super().__init__(message)


class NotAllowed(Refusal):
    """The person sees the object, but the act is somebody else's."""

    status = 403


class WrongStage(Refusal):
    """The act is not open in the present stage."""

    status = 409


class TooOften(Refusal):
    """More came than the portal takes in a while; the message says when to try again."""

    status = 429


class Stale(Refusal):
    """Somebody else changed the record meanwhile; what was typed is kept on the page."""

    status = 409


class FileUnavailable(Refusal):
    """A file that the portal keeps cannot be read from its storage; nothing that a person could do otherwise."""

    status = 503


class Invalid(Refusal):
    """Input that breaks a rule: one or more problems, each beside its field."""

    status = 422

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("；".join(problem.message for problem in self.problems))

    @classmethod
    def field(cls, field: str, message: str, article: str = "") -> Invalid:
        """A refusal with a single problem."""
        return cls([Problem(field, message, article)])


class FieldsUnreadable(Refusal):
    """Encrypted fields that no key of this installation opens: the operator has to bring the right ones."""

    status = 503

    def __init__(self) -> None:
        super().__init__("加密保存的收款信息无法解开：本平台现有的密钥不符。请告知系统管理员恢复原来的密钥。")
