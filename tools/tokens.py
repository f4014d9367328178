"""The token that a visitor of the server has to show: from the environment, from a file, or made up."""

import os
import re
import secrets
from pathlib import Path

from lstmvis.data.errors import LstmvisError

TOKEN_VARIABLE = "LSTMVIS_TOKEN"
TOKEN = re.compile(r"[A-Za-z0-9._~-]{16,512}")  # what an address, a header and a form all carry as it is


class TokenError(LstmvisError):
    """A token cannot be used."""


def new_token() -> str:
    """192 bits of chance."""
    return secrets.token_hex(24)


def given_token(file: Path | None) -> str | None:
    """The token of `file`, which gets a new one where it is not there; else of the environment; None where neither is.

    Raises TokenError for what is no token.
    """
    if file is not None:
        return _checked(_read_or_make(file), str(file))
    given = os.environ.get(TOKEN_VARIABLE)
    return None if given is None else _checked(given, TOKEN_VARIABLE)


def _read_or_make(file: Path) -> str:
    try:
        # For its owner only, from the first moment on.
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as made:
            token = new_token()
            made.write(f"{token}\n")
            return token
    except FileExistsError:
        pass
    except OSError as error:
        raise TokenError(f"The token cannot be written to {file}: {error.strerror}.") from error
    try:
        return file.read_text(encoding="ascii")
    except OSError as error:
        raise TokenError(f"The token in {file} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise TokenError(_rule(str(file))) from error


def _checked(text: str, where: str) -> str:
    if not TOKEN.fullmatch(text.strip()):
        raise TokenError(_rule(where))
    return text.strip()


def _rule(where: str) -> str:
    return f"The token in {where} must be 16 to 512 letters, digits, and any of . _ ~ -, without spaces."
