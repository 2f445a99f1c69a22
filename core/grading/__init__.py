"""A backward pass written by hand, graded line by line."""
