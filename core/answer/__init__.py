"""Values in, a report out: what users give, what they are given back, and its data."""
