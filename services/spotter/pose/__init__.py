"""The pose service: frames in, skeletons out. `models` holds the networks, `worker` the service shell."""
