"""The dashboard: web page, HTTP API, metrics, health checks. It only reads live state and the store."""
