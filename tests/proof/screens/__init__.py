"""What every screen promises: reachable, readable and quiet, on a desk and on a phone."""
