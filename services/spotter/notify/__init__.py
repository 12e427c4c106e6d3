"""The notify service: from the outbox to people and machines."""
