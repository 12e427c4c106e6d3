"""Databases for the tests of the store."""

from __future__ import annotations

import os

import pytest
from sqlalchemy import create_engine, text


@pytest.fixture
def postgres_url() -> str:
    """URL of an empty Postgres database; the database that SPOTTER_TEST_POSTGRES names is emptied for each test."""
    url = os.environ.get("SPOTTER_TEST_POSTGRES")
    if not url:
        pytest.skip("set SPOTTER_TEST_POSTGRES to the URL of a Postgres database that these tests may empty")
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text("DROP SCHEMA public CASCADE"))
        connection.execute(text("CREATE SCHEMA public"))
    engine.dispose()
    return url
