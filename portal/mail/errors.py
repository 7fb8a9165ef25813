"""How a delivery can end other than well."""


class DeliveryFailed(Exception):
    """The mail was surely not sent. `is_permanent`: trying again cannot help."""

    def __init__(self, detail: str, *, is_permanent: bool) -> None:
        super().__init__(detail)
        self.is_permanent = is_permanent


class DeliveryUncertain(Exception):
    """The text was handed over but no answer came: the mail may or may not have been sent."""
