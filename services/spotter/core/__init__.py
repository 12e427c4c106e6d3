"""What every service shares: contracts, bus, store, live state, settings, telemetry. Services import only this."""
