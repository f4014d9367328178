"""How query parameters are read and refused.

connexion checks each against lstm_server.yaml; here its reading of lists is made tolerant (empty entries are skipped,
so that an empty list can be sent) and its complaints become sentences that name the parameter and what is allowed.
"""

from typing import Any

from connexion.uri_parsing import OpenAPIURIParser
from connexion.validators import ParameterValidator
from jsonschema import Draft4Validator

_KINDS = {"integer": "an integer", "number": "a number", "string": "text", "boolean": "true or false"}
_PLURALS = {"integer": "integers", "number": "numbers", "string": "names"}


class ListURIParser(OpenAPIURIParser):  # type: ignore[misc]
    """Lists are comma-separated or repeated; `cells=` is the empty list."""

    @staticmethod
    def _split(value: str, param_defn: Any, _in: str) -> list[str]:
        return [entry for entry in OpenAPIURIParser._split(value, param_defn, _in) if entry != ""]


class SentenceValidator(ParameterValidator):  # type: ignore[misc]
    """Says what a parameter must be, in one sentence."""

    @staticmethod
    def validate_parameter(
        parameter_type: str, value: Any, param: dict[str, Any], param_name: Any = None
    ) -> str | None:
        name, schema = param["name"], param.get("schema", {})
        if value is None:
            return f"Parameter '{name}' is missing; it must be {describe(schema)}." if param.get("required") else None
        if is_valid(value, schema):
            return None
        shown = ",".join(map(str, value)) if isinstance(value, list) else str(value)
        return f"Parameter '{name}' must be {describe(schema)}, not {shown[:60]!r}."


def is_valid(value: Any, schema: dict[str, Any]) -> bool:
    """Whether the schema allows the value. Of a list, which may be long, what is repeated is looked at once."""
    if not isinstance(value, list):
        return bool(Draft4Validator(schema).is_valid(value))
    if not schema.get("minItems", 0) <= len(value) <= schema.get("maxItems", len(value)):
        return False
    entry = Draft4Validator(schema["items"])
    return all(entry.is_valid(each) for each in set(value))


def describe(schema: dict[str, Any]) -> str:
    """What a value must be: `an integer from 1 to 1000`."""
    if "enum" in schema:
        return " or ".join(map(str, schema["enum"]))
    if schema.get("type") == "array":
        items = schema["items"]
        least, most = schema.get("minItems", 0), schema.get("maxItems")
        between = f"at least {least} and at most {most} " if least else f"at most {most} "
        count = f"{least} " if least == most else between if most else ""
        separated = f"{count}{_PLURALS[items['type']]}{_limits(items)}, separated by commas"
        return separated if count else f"a list of {separated}"
    if "pattern" in schema:
        return f"text of the form {schema['pattern']}"
    return _KINDS[schema["type"]] + _limits(schema)


def _limits(schema: dict[str, Any]) -> str:
    low, high = schema.get("minimum"), schema.get("maximum")
    if "maxLength" in schema:
        least = f"{schema['minLength']} to" if "minLength" in schema else "at most"
        return f" of {least} {schema['maxLength']:,} characters"
    if low is not None and high is not None:
        return f" from {low} to {high}"
    return f" of at least {low}" if low is not None else ""
