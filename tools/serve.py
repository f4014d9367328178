"""`lstmvis serve`: the projects below a directory, in the browser."""

import argparse
import errno
import socket
import sys
import threading
import webbrowser
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from lstmvis.data.errors import LstmvisError
from lstmvis.data.project import CONFIG_NAME, Project
from lstmvis.tools.options import count
from lstmvis.tools.tokens import TOKEN_VARIABLE, given_token, new_token

HOST = "127.0.0.1"
PORT = 8888
WAITING_CONNECTIONS = 2048


class ServeError(LstmvisError):
    """The server cannot be started."""


def add_parser(commands: Any) -> None:
    parser = commands.add_parser(
        "serve",
        help="serve every project below a directory",
        description="Serve every project below a directory, until stopped with Ctrl-C or SIGTERM: then what is under "
        "way is finished, and the status is 0. Projects that are added, changed or removed while it runs are so on the "
        "project page when it is loaded again.",
    )
    parser.add_argument("directory", type=Path, metavar="DIR", help="a directory of projects, or a project")
    add_server_options(parser)
    parser.set_defaults(run=run)


def add_server_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--host", default=HOST, help="address to listen on (default: %(default)s, this machine only)")
    parser.add_argument("--port", type=int, default=PORT, help="port to listen on (default: %(default)s)")
    parser.add_argument(
        "--allowed-host",
        dest="allowed_hosts",
        action="append",
        default=[],
        metavar="NAME",
        help="another name that the server is asked for by, such as that of a proxy before it; may be repeated",
    )
    parser.add_argument(
        "--token-file",
        type=Path,
        metavar="FILE",
        help="demand the token that this file holds; where there is no such file, a new token is written to it. "
        f"{TOKEN_VARIABLE} may hold the token instead (a command line is seen by everybody on the machine). Where "
        "other machines can ask, one is always demanded, and made up if not given",
    )
    parser.add_argument(
        "--workers",
        type=count,
        default=1,
        metavar="N",
        help="processes that answer, for many people at a time and many processors; each takes memory of its own "
        "(default: 1)",
    )
    parser.add_argument(
        "--log",
        choices=("requests", "problems"),
        help="what is written down: every request, or only those in which something went wrong (default: problems in "
        "a terminal, else requests). Never the text of a corpus, what was searched for, or a token",
    )
    parser.add_argument("--no-browser", dest="browser", action="store_false", help="do not open the browser")


def run(options: argparse.Namespace) -> int:
    return serve_directory(options.directory, options)


def serve_directory(directory: Path, options: argparse.Namespace, opening: str = "") -> int:
    """Serve until stopped, with the options of `add_server_options`.

    The browser is opened at `opening`, a path such as `/?project=NAME`, else at all projects. Raises ServeError where
    the directory is none or the port cannot be had, TokenError where a token cannot be used.
    """
    from lstmvis.server.access import access_at
    from lstmvis.server.library import find_projects
    from lstmvis.server.running import Duty, serve_until_stopped
    from lstmvis.server.workers import serve_by_many

    require_directory(directory)
    if options.workers > 1 and sys.platform == "win32":
        raise ServeError("On Windows one process has to do: leave --workers out.")
    given = given_token(options.token_file)
    listening = _listen(options.host, options.port)
    bound, port = listening.getsockname()[:2]
    token = given or (None if ip_address(bound).is_loopback else new_token())
    access = access_at(bound, options.host, options.allowed_hosts, token)
    # A name that is behind all addresses of the machine, rather than 0.0.0.0.
    name = socket.gethostname() if access.any_address else options.host
    address = f"http://{f'[{name}]' if ':' in name else name}:{port}"
    shown = address if given or not token else f"{address}/?token={token}"
    print(f"Serving the projects below {directory} at {shown} (Ctrl-C stops)", flush=True)
    if not find_projects(directory):
        print(f"There are none yet: a project is a directory with a file {CONFIG_NAME} in it.", flush=True)
    if options.browser:
        # Without the token, since its command line is seen by everybody on the machine: the page asks for it.
        threading.Timer(0.5, webbrowser.open, [address + opening]).start()
    every_request = options.log == "requests" if options.log else not sys.stderr.isatty()
    if options.workers == 1:
        serve_until_stopped(listening, Duty(directory, access, every_request))
    else:
        serve_by_many(listening, Duty(directory, access, every_request, is_shared=True), options.workers)
    return 0


def opening_path(directory: Path, project: Path) -> str:
    """Where the page of the served `directory` shows a project's opening view; empty where it has none."""
    from lstmvis.server.library import find_projects

    opening = Project(project).opening
    named = [name for name, place in find_projects(directory) if place == project.resolve()]
    return f"/?{urlencode({'project': named[0]})}&{opening}" if opening and named else ""


def require_directory(directory: Path) -> None:
    """Raises ServeError where it is none."""
    if not directory.is_dir():
        raise ServeError(f"{directory} is not a directory. Name one that holds projects, or a project.")


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
        listening.listen(WAITING_CONNECTIONS)  # who connects from now on waits, rather than being refused
    except (OSError, OverflowError) as error:
        listening.close()
        reason = str(getattr(error, "strerror", None) or error).rstrip(".")
        other = "--host another address of this machine" if _is_about_host(error) else "--port another port"
        raise ServeError(f"Cannot listen on {host}, port {port}: {reason}. Choose with {other}.") from error
    return listening


def _is_about_host(error: Exception) -> bool:
    return isinstance(error, socket.gaierror) or getattr(error, "errno", None) == errno.EADDRNOTAVAIL
