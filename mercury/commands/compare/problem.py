"""Why there is no verdict, and what to do about it."""

REGRESSION = 1
WRONG_USAGE = 2
CANNOT_TELL = 3
COMMAND_FAILED = 4
"""The exit codes of `mercury compare` beside 0."""


class Problem(Exception):
    """Ends a comparison. Its text says what is wrong and what to do."""

    def __init__(self, text: str, code: int) -> None:
        super().__init__(text)
        self.code = code
