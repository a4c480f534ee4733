"""How a rule says no."""


class Refused(Exception):
    """A rule said no. `code` is for machines and stays, `message` is a translated sentence for the person who asked."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(code, message)
        self.code = code
        self.message = str(message)

    def __str__(self) -> str:
        return self.message
