"""Whether a camera's pictures can be trusted. Pure: pictures and times come in, verdicts come out."""
