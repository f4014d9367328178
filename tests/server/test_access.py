"""Whom the server answers: those who ask for it by its name, and who have its token."""

import hmac

import pytest

from lstmvis.server.access import Access, access_at
from tests.project_directory import write_small_project
from tests.server.conftest import refusal_of

TOKEN = "0123456789abcdef.Xyz"
HTML = {"accept": "text/html,application/xhtml+xml"}
ADDRESSES = ["/", "/index.html", "/api/v2/info", "/api/v2/ui/", "/api/v2/openapi.json", "/client/", "/nothing"]
CROSS = {"sec-fetch-site": "cross-site"}
LINK = {**CROSS, "sec-fetch-mode": "navigate", "sec-fetch-dest": "document"}


@pytest.fixture(scope="module")
def directory(tmp_path_factory):
    root = tmp_path_factory.mktemp("projects")
    write_small_project(root / "p")
    return root


@pytest.fixture(scope="module")
def api(directory, serve):
    return serve(directory)


@pytest.fixture(scope="module")
def guarded(directory, serve):
    return serve(directory, access=Access(token=TOKEN))


@pytest.fixture
def visitor(guarded):
    """A browser that has not been here."""
    guarded.client.cookies.clear()
    return guarded.client


# By which name


@pytest.mark.parametrize(
    "host",
    ["localhost", "LOCALHOST:8888", "localhost.:1", "127.0.0.1", "127.8.9.1:80", "[::1]", "[::1]:8888", "localhost:"],
)
def test_this_machine_is_known_by_its_names_for_itself(host):
    assert Access().allows_host(host)


@pytest.mark.parametrize(
    "host",
    [
        *("evil.example", "localhost.evil.example", "evil-localhost", "localhost@evil.example", "localhost/evil"),
        *("10.0.0.1", "[fe80::1]", "0.0.0.0", "127.0.0.1.evil.example", "127.1", "2130706433", "", None, ":80", "a b"),
        *("localhost:80:80", "localhost:x", "localhost\n", "[localhost]", "[::1", "::1", "localhost:123456", "é", "*"),
    ],
)
def test_other_names_are_not_this_server(host):
    assert not Access().allows_host(host)


def test_names_that_are_allowed_are():
    access = access_at("127.0.0.1", "127.0.0.1", ["Gpu5.lab.example", "proxy"], None)
    assert all(map(access.allows_host, ["gpu5.LAB.example:443", "proxy", "gpu5.lab.example.", "localhost"]))
    assert not any(map(access.allows_host, ["lab.example", "x.proxy", "10.0.0.1"]))


def test_the_name_and_the_address_that_the_server_listens_at_are_its_own(monkeypatch):
    monkeypatch.setattr("socket.gethostname", lambda: "GPU5")
    assert access_at("10.0.0.7", "gpu5.lab", [], TOKEN).allows_host("gpu5.lab:8888")
    assert not access_at("10.0.0.7", "gpu5.lab", [], TOKEN).allows_host("10.0.0.8")
    assert access_at("fe80::7", "fe80::7", [], TOKEN).allows_host("[fe80::7]:8888")
    for everywhere in ("0.0.0.0", "::"):
        access = access_at(everywhere, everywhere, [], TOKEN)
        assert all(map(access.allows_host, ["10.0.0.7:8888", "[fe80::7]", "gpu5", "localhost"]))
        assert not access.allows_host("evil.example")


@pytest.mark.parametrize("path", ADDRESSES)
def test_who_asks_by_another_name_is_told_how_to_ask(api, path):
    status, sentence = refusal_of(api.client.get(path, headers={"host": "evil.example"}))
    assert status == 421
    assert "'evil.example'" in sentence
    assert "--allowed-host" in sentence
    page = api.client.get("/", headers={"host": "<b>evil", **HTML})
    assert page.status_code == 421
    assert "&#x27;&lt;b&gt;evil" in page.text


# From where


@pytest.mark.parametrize("path", ADDRESSES)
@pytest.mark.parametrize("mode", [{}, {"sec-fetch-mode": "no-cors"}, {**LINK, "sec-fetch-dest": "iframe"}])
def test_pages_of_other_sites_load_nothing(api, path, mode):
    status, sentence = refusal_of(api.client.get(path, headers=CROSS | mode))
    assert status == 403
    assert sentence == "Pages of other sites may link here, but not load anything from here."


@pytest.mark.parametrize("site", ["same-origin", "same-site", "none"])
def test_pages_of_other_sites_may_link_here_and_others_load(api, site):
    assert api.client.get("/api/v2/info", headers=LINK).status_code == 200
    assert api.client.get("/api/v2/info", headers={"sec-fetch-site": site}).status_code == 200


@pytest.mark.parametrize("method", ["GET", "OPTIONS", "POST"])
@pytest.mark.parametrize("path", ADDRESSES)
def test_no_other_origin_may_read_an_answer(api, path, method):
    headers = {"origin": "http://evil.example", "access-control-request-method": "GET"}
    for answer in (api.client.request(method, path, headers=headers), api.client.get(path, headers={"origin": "null"})):
        assert not [name for name in answer.headers if name.startswith("access-control")]
        assert answer.headers["cross-origin-resource-policy"] == "same-origin"


# With which token


@pytest.mark.parametrize("path", ADDRESSES)
@pytest.mark.parametrize(
    "headers",
    [{}, {"authorization": "Bearer wrong"}, {"authorization": f"Basic {TOKEN}"}, {"cookie": f"lstmvis={TOKEN}"}],
)
def test_without_the_token_a_program_gets_401(visitor, path, headers):
    response = visitor.get(path, headers=headers)
    assert refusal_of(response)[0] == 401
    assert "Authorization: Bearer" in refusal_of(response)[1]
    assert response.headers["www-authenticate"] == "Bearer"
    assert TOKEN not in response.text


@pytest.mark.parametrize("path", ["/", "/index.html", "/nothing", "/client/?project=p"])
def test_without_the_token_a_person_is_asked_for_it(visitor, path):
    response = visitor.get(path, headers=HTML)
    assert response.status_code == 401
    assert '<form method="post">' in response.text
    assert "refresh" not in response.text
    assert TOKEN not in response.text


@pytest.mark.parametrize("scheme", ["Bearer", "bearer"])
def test_a_program_shows_the_token_in_a_header(visitor, scheme):
    response = visitor.get("/api/v2/info", headers={"authorization": f"{scheme} {TOKEN}"})
    assert response.status_code == 200
    assert "set-cookie" not in response.headers


@pytest.mark.parametrize(
    ("address", "then"),
    [
        (f"/?token={TOKEN}", "./"),
        (f"/?project=a%20b&token={TOKEN}&x=%E2%82%AC&x=2", "./?project=a%20b&x=%E2%82%AC&x=2"),
        (f"/api/v2/info?%74oken={TOKEN.replace('X', '%58')}", "./info"),
        (f"/client/lstmvis.html?project=p&token={TOKEN}", "./lstmvis.html?project=p"),
        (f"//evil.example/%2e%2e?token={TOKEN}", "./%2e%2e"),
        (f"/?token=wrong&token={TOKEN}", "./"),
    ],
)
def test_the_first_visit_is_led_to_the_address_without_the_token(visitor, address, then):
    response = visitor.get(f"http://localhost{address}", follow_redirects=False)
    assert response.status_code == 303
    assert response.headers["location"] == then
    assert response.headers["cache-control"] == "no-store"
    assert response.headers["referrer-policy"] == "no-referrer"
    cookie = response.headers["set-cookie"]
    assert {part.strip() for part in cookie.split(";")[1:]} == {"HttpOnly", "Path=/", "SameSite=strict"}
    assert TOKEN not in cookie
    assert visitor.get("/api/v2/info").status_code == 200
    assert visitor.get(f"/?token={TOKEN}&a=1", follow_redirects=False).headers["location"] == "./?a=1"
    assert visitor.get("/?token=old&a=1", follow_redirects=False).headers["location"] == "./?a=1"


def test_the_cookie_is_kept_to_encrypted_connections_where_it_came_over_one(visitor):
    response = visitor.get(f"https://localhost/?token={TOKEN}", follow_redirects=False)
    assert "Secure" in response.headers["set-cookie"]


@pytest.mark.parametrize("wrong", ["", "x", TOKEN[:-1], TOKEN + "x", TOKEN.lower(), "%00", "%FF", "é", "x" * 5000])
def test_another_token_lets_nobody_in(visitor, wrong):
    for response in (
        visitor.get(f"/?token={wrong}", headers=HTML),
        visitor.post("/", data={"token": wrong}, headers=HTML),
        visitor.get("/", headers={"authorization": f"Bearer {wrong}".encode(), **HTML}),
    ):
        assert response.status_code == 401
        assert "set-cookie" not in response.headers
    assert visitor.get("/api/v2/info").status_code == 401


def test_the_token_may_be_given_in_the_form(visitor):
    response = visitor.post("/?project=p", data={"token": f" {TOKEN} "}, headers=HTML, follow_redirects=False)
    assert (response.status_code, response.headers["location"]) == (303, "./?project=p")
    assert visitor.get("/api/v2/info").status_code == 200


def test_a_long_form_is_not_read(visitor):
    assert visitor.post("/", data={"x": "x" * 5000, "token": TOKEN}, headers=HTML).status_code == 401


def test_where_a_page_of_another_site_leads_here_the_browser_asks_again(visitor):
    """It keeps a SameSite=Strict cookie back then."""
    assert '<meta http-equiv="refresh" content="0">' in visitor.get("/", headers=LINK | HTML).text


def test_servers_with_other_tokens_do_not_take_each_others_cookies():
    one, other = (Access(token=token * 16).cookie for token in "ab")
    assert one[0] != other[0]
    assert one[1] != other[1]
    assert Access(token="a" * 16).cookie == one


def test_tokens_are_compared_in_constant_time(visitor, monkeypatch):
    compared = []
    monkeypatch.setattr(hmac, "compare_digest", lambda *two: compared.append(two) or False)
    visitor.get("/?token=x")
    visitor.get("/", headers={"authorization": "Bearer y"})
    assert [one for one, _ in compared if one in (b"x", b"y")] == [b"x", b"y"]
    assert visitor.get(f"/?token={TOKEN}").status_code == 401  # nothing else lets anybody in


def test_nobody_is_asked_where_there_is_no_token(api):
    assert api.client.get("/api/v2/info").status_code == 200
    assert api.client.get("/", params={"token": "of another server"}).status_code == 200


@pytest.mark.parametrize("path", ["/api/v2/info", "/"])
def test_the_token_does_not_open_the_server_under_another_name(visitor, path):
    headers = {"host": "evil.example", "authorization": f"Bearer {TOKEN}"}
    assert visitor.get(path, headers=headers).status_code == 421
