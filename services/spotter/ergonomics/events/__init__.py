"""Event rules: pure, deterministic state machines over tracks."""
