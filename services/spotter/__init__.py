"""Spotter: possible falls, people down and the load of lifting work, from cameras, with honest intervals."""

__version__ = "0.1.0"
