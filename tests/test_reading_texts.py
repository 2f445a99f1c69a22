"""Texts that are put together come out as Python makes them, for they may be the keys of a dict."""

from __future__ import annotations

import pytest

from backprop import BackpropError
from backprop.reading.reader import read
from backprop.reading.source import parsed

TEXTS = (
    "'W%d' % n", "'W%s_%s' % (n, 'a')", "'%(k)d' % {'k': n}", "'%.2f' % x", "'100%%'", "'%5.1e|' % 2.5",
    "'W{}'.format(n)", "'{1}{0}'.format(n, 'b')", "'{k:03d}'.format(k=n)", "'{{}}{}'.format(x)",
    "f'W{n}'", "f'{n:02d}{x:.1f}{n!r}'", "f'{{{n}}}'", "f'{n:{n}d}'", "'W' + str(n)", "str(2.0)",
    "str(None)", "'-'.join(['a', str(n)])", "'{!r}'.format('a')", "repr('a')", "format(x, '.3f')",
    "'a,b'.split(',')[1]", "'Ab'.lower() * 2", "f'{True}{n + 1}'",
)  # fmt: skip


@pytest.mark.parametrize("text", TEXTS)
def test_a_text_is_what_python_makes_of_it(text: str) -> None:
    source = f"def f(x, n=3):\n    return {{{text}: x}}\n"
    found = read(parsed(source, "a.py", "f"), {"x": 1.25, "n": 3}).result
    assert list(found) == [eval(text, {"x": 1.25, "n": 3})]  # noqa: S307


@pytest.mark.parametrize(
    "text",
    ["'%999999999d' % n", "'{:999999999}'.format(n)", "f'{n:999999999d}'", "'%*d' % (9, n)",
     "'{0.__class__}'.format(n)", "'{:{}}'.format(n, 3)", "'%d' % 'a'", "'{}'.format()",
     "format(n, '>999999')", "'%d %d' % n", "'a' * 10**9", "('a' * 10**6).replace('a', 'b' * 1000)",
     "'%99d' * 10**5 % n"],
)  # fmt: skip
def test_a_format_that_is_not_read_is_refused(text: str) -> None:
    with pytest.raises(BackpropError):
        read(parsed(f"def f(x, n=3):\n    return {{{text}: x}}\n", "a.py", "f"), {"x": 1.0, "n": 3})
