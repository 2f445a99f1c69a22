"""Many points: a program over the rows of tables."""
