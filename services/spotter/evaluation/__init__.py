"""Rules on recordings: replay, comparison of two settings, and event metrics against labels."""
