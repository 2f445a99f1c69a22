"""The circuit as a picture: Program and Report in, a Circuit of nodes and wires, a text out."""
