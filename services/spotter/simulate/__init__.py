"""Virtual cameras made of the demo clips: the load that `spotter loadtest`, benchmarks and fault tests put on a site.

Everything that they send is synthetic, deterministic given a seed, and free of real people.
"""
