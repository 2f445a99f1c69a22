"""Python source, read and never run: its functions and scripts as programs of stages.

The source is parsed by `ast` and interpreted by the code of this room over a closed set of
values. What depends on an input is recorded, gate by gate; everything else is computed at once.

    source.py       a file, its text and the unit in it that is meant
    diagnostics.py  what can't be read, with line, column and help
    recorder.py     gates in, the code of a tree out, every value known as it is recorded
    budget.py       how much reading may take
    memory.py       numbers and arrays that are recorded; views, aliases and writing
    values.py       functions, namespaces, and what else a name may stand for
    texts.py        texts that are put together
    library/        what NumPy, PyTorch, JAX and SciPy do here, a file for each kind of thing
    builtins.py     Python's own functions, and methods of lists, dicts and texts
    contracting.py  einsum and tensordot
    indexing.py     square brackets on arrays
    expressions.py  expressions
    statements.py   statements, loops, calls of the file's own functions
    objects.py      classes: methods, inheritance, operators
    imports.py      NumPy and its like, and files beside the source
    files.py        where such a file is looked for
    layers.py       a class as a unit: its object, its passes, its inputs
    prelude/        classes of PyTorch, as sources that are read as well
    given.py        values from a command line that are no numbers
    reader.py       all of it: a source, a unit and values in, a tree out
"""
