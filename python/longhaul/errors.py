"""What an author raises to say how an attempt ended. Any other exception follows the job's retry policy."""

from __future__ import annotations

from typing import Optional, Sequence


class InvalidInputError(Exception):
    """The input cannot be used; never retried. `field` is a parameter's name, or a JSON pointer below one.

    >>> raise InvalidInputError("width", "must be even")
    """

    def __init__(self, field: str, message: str, *, others: Sequence["InvalidInputError"] = ()):
        super().__init__(message)
        self.field = field
        self.message = message
        self.others = tuple(others)

    @property
    def pointer(self) -> str:
        if self.field == "" or self.field.startswith("/"):
            return self.field
        return "/" + self.field.replace("~", "~0").replace("/", "~1")

    def __str__(self) -> str:
        return f"{self.field}: {self.message}" if self.field else self.message


class PermanentError(Exception):
    """Trying again cannot help: the job fails now."""


class RetryableError(Exception):
    """Something outside failed; worth another attempt, after `retry_after_ms` where it is given."""

    def __init__(self, message: str = "", *, retry_after_ms: Optional[float] = None):
        super().__init__(message)
        self.retry_after_ms = retry_after_ms


class Cancelled(BaseException):
    """Raised by `job.track`, `job.progress` and `job.log` once the attempt was asked to stop.

    Not an `Exception`, so that a loop which skips bad items with `except Exception` still stops.
    """

    def __init__(self, reason: str = "cancelled"):
        super().__init__(reason)
        self.reason = reason
