"""What can be wrong with what a person gives us, each with a sentence that says what, where and what is allowed."""


class LstmvisError(Exception):
    """An error whose message is meant for the person who caused it."""


class ProjectError(LstmvisError):
    """A project, or a part of it, cannot be opened or written."""


class ProjectExistsError(ProjectError):
    """Something is already where a project was to be written."""


class CorpusError(LstmvisError):
    """A text cannot be used as a corpus."""
