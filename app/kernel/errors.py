"""Errors by whose fault they are. A code is for programs and for translation; no sentence stands here."""

from typing import Any


class HomethreadError(Exception):
    """Something that a caller is told: a stable code and a detail that is safe to show."""

    status = 500

    def __init__(self, code: str, **detail: Any) -> None:
        super().__init__(code)
        self.code = code
        self.detail = detail


class Refused(HomethreadError):
    """A rule says no to something that was well formed."""

    status = 409


class Invalid(HomethreadError):
    """What was sent can't be understood."""

    status = 422


class NotSignedIn(HomethreadError):
    """Nobody is known to be asking."""

    status = 401

    def __init__(self) -> None:
        super().__init__("not_signed_in")


class NotAllowed(HomethreadError):
    """Signed in, but this is not for this kind of caller."""

    status = 403

    def __init__(self) -> None:
        super().__init__("not_allowed")


class NotFound(HomethreadError):
    """Not there, or somebody else's, which must look the same."""

    status = 404

    def __init__(self) -> None:
        super().__init__("not_found")


class TooLarge(HomethreadError):
    """More bytes or pixels than are taken."""

    status = 413


class TooOften(HomethreadError):
    """Asked more often than is good for anybody; `retry_seconds` says when again."""

    status = 429

    def __init__(self, retry_seconds: int) -> None:
        super().__init__("too_often", retry_seconds=retry_seconds)
        self.retry_seconds = retry_seconds


class Kept(Exception):
    """A refusal whose transaction is kept all the same: the try was counted, and the caller is told `error`."""

    def __init__(self, error: HomethreadError) -> None:
        super().__init__(error.code)
        self.error = error


class Busy(HomethreadError):
    """Come back later; `retry_seconds` says when."""

    status = 503

    def __init__(self, code: str, retry_seconds: int) -> None:
        super().__init__(code, retry_seconds=retry_seconds)
        self.retry_seconds = retry_seconds
