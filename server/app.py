"""The web application: the API of lstm_server.yaml, and the built page as static files."""

import logging
from html import escape
from http import HTTPStatus
from pathlib import Path
from typing import Any

import connexion
import yaml
from a2wsgi import WSGIMiddleware
from connexion import problem
from connexion.exceptions import ProblemException
from connexion.jsonifier import Jsonifier
from connexion.lifecycle import ConnexionRequest, ConnexionResponse
from connexion.middleware import MiddlewarePosition
from flask import Response, redirect, request, send_from_directory
from starlette.exceptions import HTTPException
from werkzeug.wrappers import Response as BaseResponse

from lstmvis.data.errors import ProjectError
from lstmvis.server import encoding
from lstmvis.server.access import Access, Guard
from lstmvis.server.errors import LONGEST_SHOWN, RequestError
from lstmvis.server.handlers import Service
from lstmvis.server.headers import SecurityHeaders
from lstmvis.server.library import Library
from lstmvis.server.old_addresses import translate
from lstmvis.server.overtaking import MOST_UNDER_WAY, Overtaking
from lstmvis.server.pages import is_for_a_person, page_in_words
from lstmvis.server.parameters import ListURIParser, SentenceValidator
from lstmvis.server.sending import LargeAnswers, Sending
from lstmvis.server.threads import CORES, Turns
from lstmvis.server.trimming import Trimming

HERE = Path(__file__).parent
STATIC = HERE / "static"
API = next(file for place in (HERE, HERE.parent) if (file := place / "lstm_server.yaml").is_file())  # wheel, checkout
MATCHES_AT_ONCE = min(CORES, 4)  # each uses all cores; one takes ids x steps / 8 bytes
MATCHES_WAITING = 32
EXPRESSIONS_AT_ONCE = 2
EXPRESSIONS_WAITING = 8
API_PATH = "/api/v2/"
DOCUMENTATION = API_PATH + "ui/"
METHODS = "GET, HEAD"
HASHED = "assets/"  # file names under it change with their content
NOT_FOUND = """<p>There is no page at <code>{path}</code>.</p>
<p><a href="{projects}">All projects</a> · <a href="{documentation}">The API</a></p>"""

log = logging.getLogger(__name__)


def create_app(
    directory: Path,
    access: Access | None = None,
    overtaking: Overtaking | None = None,
    validate_responses: bool = False,
) -> connexion.FlaskApp:
    """The application (ASGI; `.app` is Flask's) that serves every project below `directory`, where nothing else is said
    to who asks for this machine by its names for itself.

    `overtaking` is given where several processes share what it knows.
    Checking the responses against lstm_server.yaml takes long where they are large; it is for tests.
    """
    app = connexion.FlaskApp(
        __name__,
        jsonifier=Jsonifier(encoding),
        server_args={"static_folder": None},
        uri_parser_class=ListURIParser,
        validator_map={"parameter": SentenceValidator},
    )
    turns = Turns(MATCHES_AT_ONCE, MATCHES_WAITING)
    expressions = Turns(EXPRESSIONS_AT_ONCE, EXPRESSIONS_WAITING)
    overtaking = overtaking or Overtaking()
    app.app.config[Service.KEY] = Service(Library(directory), overtaking, turns, expressions, LargeAnswers())
    app.app.config["PROVIDE_AUTOMATIC_OPTIONS"] = False
    # connexion runs Flask in ten threads; matches wait for their turn in theirs, and must not keep others waiting.
    app._middleware_app.asgi_app = WSGIMiddleware(app.app.wsgi_app, workers=MOST_UNDER_WAY)
    app.add_middleware(SecurityHeaders, MiddlewarePosition.BEFORE_EXCEPTION, api=API_PATH, documentation=DOCUMENTATION)
    app.add_middleware(Guard, MiddlewarePosition.BEFORE_EXCEPTION, access=access or Access())
    app.add_middleware(Sending, MiddlewarePosition.BEFORE_EXCEPTION)
    app.add_middleware(Trimming, MiddlewarePosition.BEFORE_SWAGGER, path=API_PATH, known=known_parameters())
    app.add_api(API, validate_responses=validate_responses)
    app.add_error_handler(RequestError, _answer_request_error)
    app.add_error_handler(ProjectError, _answer_damage)
    app.add_error_handler(HTTPException, _answer_http_error)
    app.add_error_handler(ProblemException, _answer_http_error)  # connexion's own handler for it fills the log
    app.add_error_handler(Exception, _answer_fault)
    app.add_url_rule("/", "page", _page)
    app.add_url_rule("/client/", "lstmvis_page", _lstmvis_page, strict_slashes=False)
    app.add_url_rule("/client/<any('index.html', 'lstmvis.html'):page>", "lstmvis_page", _lstmvis_page)
    app.add_url_rule("/<path:path>", "file", _file)
    return app


def known_parameters() -> set[str]:
    """The names of the parameters of all operations."""
    specification = yaml.safe_load(API.read_text(encoding="utf-8"))
    shared = specification["components"]["parameters"].values()
    own = (operation["get"].get("parameters", []) for operation in specification["paths"].values())
    return {parameter["name"] for group in (shared, *own) for parameter in group if "name" in parameter}


def _page() -> Response:
    if not (STATIC / "index.html").is_file():
        raise ProblemException(status=404, detail="The page has not been built; see the README.")
    return _file("index.html")


def _lstmvis_page(page: str = "") -> BaseResponse:
    """To our page from the addresses that LSTMVis's pages had."""
    query = translate(request.query_string.decode("utf-8", "replace"))
    return redirect(f"../?{query}" if query else "../")


def _file(path: str) -> Response:
    response = send_from_directory(STATIC, path)
    response.cache_control.no_cache = None if path.startswith(HASHED) else True
    if path.startswith(HASHED):
        response.cache_control.max_age, response.cache_control.immutable = 31_536_000, True
    return response


def _answer_request_error(_: ConnexionRequest, error: Exception) -> ConnexionResponse:
    assert isinstance(error, RequestError)
    return _problem(error.status, str(error), headers=error.headers, ext=error.extra)


def _answer_damage(_: ConnexionRequest, error: Exception) -> ConnexionResponse:
    """A file of the project cannot be read any more: what was asked for is not there."""
    return _problem(404, str(error))


def _answer_http_error(request: ConnexionRequest, error: Exception) -> ConnexionResponse:
    """Everything that connexion, Flask and Starlette refuse themselves."""
    assert isinstance(error, HTTPException)
    if error.status_code == HTTPStatus.NOT_FOUND and not isinstance(error, ProblemException):
        return _answer_unknown_path(request)
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        return _problem(405, f"Only these methods are answered: {METHODS}.", headers={"Allow": METHODS})
    return _problem(error.status_code, error.detail)


def _answer_unknown_path(request: ConnexionRequest) -> ConnexionResponse:
    """In words for a person, whose browser asks for HTML first; for a program as every other error."""
    path = request.url.path[:LONGEST_SHOWN]
    if not is_for_a_person(request):
        return _problem(404, f"There is nothing at {path}. {DOCUMENTATION} describes the API.")
    root = "../" * (path.count("/") - 1) or "./"  # also where a proxy serves this below a path of its own
    links = {"projects": root, "documentation": root + DOCUMENTATION.removeprefix("/")}
    page = page_in_words(404, "Not found", NOT_FOUND.format(path=escape(path), **links))
    return ConnexionResponse(404, headers=dict(page.headers), body=page.body)


def _answer_fault(request: ConnexionRequest, error: Exception) -> ConnexionResponse:
    log.error("%.200r failed", request.url.path, exc_info=error)
    return _problem(500, "The server has made an error; its log says more.")


def _problem(status: int, detail: str, **more: Any) -> ConnexionResponse:
    return problem(status, HTTPStatus(status).phrase, detail, **more)
