"""The web application: the API of lstm_server.yaml, and the built page as static files."""

import logging
from pathlib import Path

import connexion
from connexion import problem
from connexion.exceptions import ProblemException
from connexion.jsonifier import Jsonifier
from connexion.lifecycle import ConnexionRequest, ConnexionResponse
from flask import Response, send_from_directory
from starlette.exceptions import HTTPException

from lstmvis.server import encoding
from lstmvis.server.errors import RequestError
from lstmvis.server.handlers import Service
from lstmvis.server.library import Library
from lstmvis.server.overtaking import Overtaking
from lstmvis.server.parameters import ListURIParser, SentenceValidator

HERE = Path(__file__).parent
STATIC = HERE / "static"
API = next(file for place in (HERE, HERE.parent) if (file := place / "lstm_server.yaml").is_file())  # wheel, checkout
HASHED = "assets/"  # file names under it change with their content

log = logging.getLogger(__name__)


def create_app(directory: Path, validate_responses: bool = False) -> connexion.FlaskApp:
    """The application (ASGI; `.app` is Flask's) that serves every project below `directory`.

    Checking the responses against lstm_server.yaml takes long where they are large; it is for tests.
    """
    app = connexion.FlaskApp(
        __name__,
        jsonifier=Jsonifier(encoding),
        server_args={"static_folder": None},
        uri_parser_class=ListURIParser,
        validator_map={"parameter": SentenceValidator},
    )
    app.app.config[Service.KEY] = Service(Library(directory), Overtaking())
    app.add_api(API, validate_responses=validate_responses)
    app.add_error_handler(RequestError, _answer_request_error)
    app.add_error_handler(HTTPException, _answer_http_error)
    app.add_error_handler(Exception, _answer_fault)
    app.add_url_rule("/", "page", _page)
    app.add_url_rule("/<path:path>", "file", _file)
    return app


def _page() -> Response:
    if not (STATIC / "index.html").is_file():
        raise ProblemException(status=404, title="Not found", detail="The page has not been built; see the README.")
    return _file("index.html")


def _file(path: str) -> Response:
    response = send_from_directory(STATIC, path)
    response.cache_control.no_cache = None if path.startswith(HASHED) else True
    if path.startswith(HASHED):
        response.cache_control.max_age, response.cache_control.immutable = 31_536_000, True
    return response


def _answer_request_error(_: ConnexionRequest, error: Exception) -> ConnexionResponse:
    assert isinstance(error, RequestError)
    return problem(error.status, error.title, str(error))


def _answer_http_error(_: ConnexionRequest, error: Exception) -> ConnexionResponse:
    """Everything that connexion, Flask and Starlette refuse themselves."""
    assert isinstance(error, HTTPException)
    return problem(error.status_code, getattr(error, "title", None), error.detail)


def _answer_fault(request: ConnexionRequest, error: Exception) -> ConnexionResponse:
    log.error("%s failed", request.url.path, exc_info=error)
    return problem(500, "Internal server error", "The server has made an error; its log says more.")
