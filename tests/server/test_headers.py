"""What every answer tells the browser."""

import re

import pytest

from lstmvis.server.access import Access
from tests.project_directory import write_small_project

STRICT = ["default-src 'none'", "base-uri 'none'", "frame-ancestors 'none'"]
HTML = {"accept": "text/html"}


@pytest.fixture(scope="module")
def api(tmp_path_factory, serve):
    root = tmp_path_factory.mktemp("projects")
    write_small_project(root / "p")
    return serve(root)


def policy_of(response):
    return [part.strip() for part in response.headers["content-security-policy"].split(";")]


@pytest.mark.parametrize(
    "path", ["/", "/index.html", "/nothing", "/api/v2/info", "/api/v2/info?x", "/api/v2/x", "/api/v2/ui/", "/client"]
)
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "NONSENSE"])
def test_every_answer_is_guarded(api, path, method):
    response = api.client.request(method, path, headers=HTML, follow_redirects=False)
    assert set(policy_of(response)) >= set(STRICT)
    assert response.headers["x-content-type-options"] == "nosniff"
    assert response.headers["referrer-policy"] == "no-referrer"
    assert response.headers["cross-origin-resource-policy"] == "same-origin"
    assert response.headers["cross-origin-opener-policy"] == "same-origin"


def test_so_is_what_fails_or_is_refused(api, serve, tmp_path, monkeypatch):
    def fail():
        raise RuntimeError

    monkeypatch.setattr("lstmvis.server.handlers._service", fail)
    failed = api.client.get("/api/v2/info")
    assert failed.status_code == 500
    refused = serve(tmp_path, access=Access(token="x" * 16)).client.get("/", headers=HTML)
    assert refused.status_code == 401
    for response in (failed, refused):
        assert set(policy_of(response)) >= set(STRICT)


def test_the_page_runs_its_own_scripts_only_and_makes_no_markup_of_text(api):
    policy = policy_of(api.client.get("/"))
    assert {"script-src 'self'", "style-src 'self'", "connect-src 'self'", "trusted-types 'none'"} <= set(policy)
    assert not [part for part in policy if "unsafe" in part or "*" in part or "http" in part]


def test_a_page_in_words_runs_none(api):
    page = api.client.get("/nothing", headers=HTML)
    assert page.status_code == 404
    assert "script-src" not in page.headers["content-security-policy"]
    assert "unsafe" not in page.headers["content-security-policy"]


def test_the_documentation_runs_its_own_scripts_as_they_are(api):
    page = api.client.get("/api/v2/ui/")
    [scripts] = [part for part in policy_of(page) if part.startswith("script-src")]
    inline = len(re.findall("<script>|<style>", page.text))
    assert re.fullmatch(rf"script-src 'self'( 'sha256-[A-Za-z0-9+/]{{43}}='){{{inline}}}", scripts)
    assert "unsafe" not in page.headers["content-security-policy"]
