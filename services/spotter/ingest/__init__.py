"""Cameras in, frames out: the service that reads sources and hands their newest frames to the bus."""
