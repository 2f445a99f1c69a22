"""The process in which SymPy works, from the side of the one that starts it."""
