"""Tables in and out by Polars: blocks of rows are read from a file of any size, and written again.

source = open_table("points.csv")
for block in source.blocks(wanted):
    block.numbers["x"], block.kept, block.lines, block.bad
"""
