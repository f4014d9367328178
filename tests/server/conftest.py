import json

import pytest

from lstmvis.server.app import create_app


class Api:
    """A client of the server over a directory, every answer of which is checked against lstm_server.yaml."""

    def __init__(self, directory, validate_responses=True, access=None):
        self.app = create_app(directory, access, validate_responses=validate_responses)
        self.client = self.app.test_client(raise_server_exceptions=False, base_url="http://localhost")

    def raw(self, endpoint, **parameters):
        """The response; lists go comma-separated."""
        listed = {
            name: ",".join(map(str, value)) if isinstance(value, list | tuple) else value
            for name, value in parameters.items()
        }
        return self.client.get(f"/api/v2/{endpoint}", params=listed)

    def get(self, endpoint, **parameters):
        """The content of a good answer."""
        response = self.raw(endpoint, **parameters)
        assert response.status_code == 200, response.text
        return strict_json(response)

    def refusal(self, endpoint, **parameters):
        """The status and the sentence of a refusal."""
        return refusal_of(self.raw(endpoint, **parameters))


def strict_json(response):
    def refuse(name):
        raise AssertionError(f"{name} is not JSON")

    return json.loads(response.content.decode("utf-8"), parse_constant=refuse)


def refusal_of(response):
    content = strict_json(response)
    assert response.headers["content-type"] == "application/problem+json"
    assert set(content) == {"type", "title", "detail", "status"}
    assert all(isinstance(content[name], str) and content[name] for name in ("title", "detail"))
    assert content["status"] == response.status_code
    return response.status_code, content["detail"]


@pytest.fixture(scope="session")
def serve():
    """Serve a directory: `serve(directory).get("info")`."""
    return Api
