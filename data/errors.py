"""What can be wrong with what a person gives us, each with a sentence that says what, where and what is allowed."""


class LstmvisError(Exception):
    """An error whose message is meant for the person who caused it."""


class ProjectError(LstmvisError):
    """A project, or a part of it, cannot be opened or written.

    `change` says what would mend it, as a sentence, where the message alone leaves that open.
    """

    def __init__(self, message: str, change: str = "") -> None:
        super().__init__(message)
        self.change = change


class FullDiskError(ProjectError):
    """There is no space for what was to be written; what was there before is as it was."""

    def __init__(self, what: object, reason: str) -> None:
        super().__init__(f"{what} cannot be written: {reason}. What was there before is as it was.")
        self.reason = reason


class ProjectExistsError(ProjectError):
    """Something is already where a project was to be written."""


class CorpusError(LstmvisError):
    """A text cannot be used as a corpus."""
