"""Symbolic against staged: operations and times counted, and finite differences measured."""
