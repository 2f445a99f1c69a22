"""The check of arrays: programs opened up into single numbers, and pull-backs beside these."""
