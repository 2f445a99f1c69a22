"""A program: the tree as stages, named and in order, and everything that is made of these alone."""
