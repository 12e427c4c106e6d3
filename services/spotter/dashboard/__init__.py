"""The dashboard: web page, HTTP API, metrics and health checks. It reads live state and the store; it changes nothing."""
