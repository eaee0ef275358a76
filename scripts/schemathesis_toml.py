"""Lets schemathesis send policies and mappings: TOML goes out as the text that it is."""

import schemathesis


@schemathesis.serializer("application/toml")
def toml(_context, value):
    return value if isinstance(value, bytes) else str(value).encode("utf-8", "replace")
