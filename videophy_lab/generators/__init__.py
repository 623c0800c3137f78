"""What makes videos: the simulated world, networks, services, and what was made elsewhere."""
