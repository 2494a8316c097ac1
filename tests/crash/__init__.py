"""What may happen to a segment and its writers, many times over; `make crash` runs all of it."""
