"""The page of `backprop play`: a server for this machine alone, and one process that answers it."""
