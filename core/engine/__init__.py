"""The two passes over a program, in numbers and in arrays, and what happens where gates tie."""
