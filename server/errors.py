"""What a request can get wrong. Each error carries the status it turns into, and a sentence for a person."""

from collections.abc import Iterable

from lstmvis.data.errors import LstmvisError

LONGEST_SHOWN = 100  # characters of a name, which is as long as its writer likes


class RequestError(LstmvisError):
    """A request that cannot be answered."""

    status = 400
    headers: dict[str, str] | None = None
    extra: dict[str, object] | None = None  # members of the answer besides title, detail and status


class BadParameterError(RequestError):
    """A parameter has a value that is not allowed: the sentence names both."""

    def __init__(self, name: str, allowed: str) -> None:
        super().__init__(f"Parameter '{name}' must be {allowed}.")


class UnknownNameError(RequestError):
    """There is no project, source or annotation of that name: the sentence lists those that exist."""

    status = 404

    def __init__(self, kind: str, name: str, existing: Iterable[str], most: int = 50) -> None:
        names = [each[:LONGEST_SHOWN] for each in existing]
        listed = ", ".join(names[:most]) + (" and more" if len(names) > most else "") or "none"
        super().__init__(f"There is no {kind} {name[:LONGEST_SHOWN]!r}. There are: {listed}.")


class OvertakenError(RequestError):
    """A newer request of the same page made this one needless."""

    status = 409


class TooLongError(RequestError):
    """An address is longer than the server reads."""

    status = 414

    def __init__(self, length: int, limit: int) -> None:
        super().__init__(f"The address is {length:,} bytes long, and the limit is {limit:,}. Ask for less at a time.")


class TooManyError(RequestError):
    """More matches, searches or large answers are under way than the server takes on."""

    status = 429

    def __init__(self) -> None:
        super().__init__("Too many matches, searches or large answers are under way. Ask again in a second.")
        self.headers = {"Retry-After": "1"}


class IndexNotReadyError(RequestError):
    """The source is too large to be matched before its index has been built."""

    status = 503

    def __init__(self, source: str, progress: float) -> None:
        super().__init__(
            f"The match index of {source} is being built: {progress:.0%} are done. Everything else works meanwhile."
        )
        self.headers = {"Retry-After": "2"}
        self.extra = {"progress": round(progress, 3)}
