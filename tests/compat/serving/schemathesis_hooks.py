"""Read by schemathesis: JSON Lines are sent as text."""

import schemathesis

schemathesis.serializer.alias("application/x-ndjson", "text/plain")
