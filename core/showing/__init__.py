"""How answers are shown: the sentences and numbers that all formats share, the text that `print`
gives, and the HTML of a notebook.

    numbers.py, digits.py, arrays.py   numbers for people
    lines.py, selection.py             the sentences of a report, and which stages are shown
    claims.py, sameness.py             verdicts in lines
    sheets.py                          an answer as tables and lines, a function for each kind
    text.py, html.py                   what becomes of a sheet
"""
