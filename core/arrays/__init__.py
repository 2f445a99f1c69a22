"""Vectors and matrices: shapes before numbers, and one backward step for each gate on arrays."""
