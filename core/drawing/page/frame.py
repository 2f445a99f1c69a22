"""The panels beside the circuit, in the file and in what `play` serves."""

from __future__ import annotations


def tab(name: str, title: str) -> str:
    chosen = "true" if name == "inputs" else "false"
    return (
        f'<button type="button" role="tab" id="tab-{name}" aria-controls="panel-{name}" '
        f'aria-selected="{chosen}" tabindex="{0 if name == "inputs" else -1}">{title}</button>'
    )


def panel(name: str, content: str) -> str:
    hidden = "" if name == "inputs" else " hidden"
    return (
        f'<div role="tabpanel" id="panel-{name}" aria-labelledby="tab-{name}" '
        f'tabindex="0"{hidden}>\n{content}</div>\n'
    )


TABS = "".join([
    tab("inputs", "Inputs"), tab("chain", "Chain"), tab("table", "Table"),
    tab("nudge", "Nudge"), tab("descend", "Descend"),
])  # fmt: skip

INPUTS = """\
<form id="inputs" aria-label="Inputs"></form>
<div class="buttons">
<button type="button" id="reset">Reset</button>
<button type="button" id="ranges" aria-pressed="false">Ranges</button>
</div>
<table id="answers"><caption>What the gradient says</caption><tbody></tbody></table>
"""
CHAIN = """\
<label>Wire <select id="wire"></select></label>
<div id="paths"></div>
"""
TABLE = """\
<div class="scroll" tabindex="0" role="region" aria-label="Table of stages">
<table id="table">
<thead><tr><th scope="col">name</th><th scope="col">stage</th><th scope="col">value</th>\
<th scope="col">gradient</th><th scope="col">local derivative</th></tr></thead>
<tbody></tbody>
</table>
</div>
"""
NUDGE = """\
<p>The chain rule predicts how the output moves. Raise each input and see.</p>
<label>Raise by <input type="number" id="nudge-by" value="0.01" step="any"></label>
<table id="nudges">
<thead><tr><th scope="col">input</th><th scope="col">predicted</th><th scope="col">actual</th>\
<th scope="col">difference</th></tr></thead>
<tbody></tbody>
</table>
"""
DESCEND = """\
<p>Every parameter moves against its gradient, so that the output falls.</p>
<fieldset id="parameters"></fieldset>
<div class="fields">
<label>Rate <input type="number" id="rate" value="0.1" step="any" min="0"></label>
<label>Method <select id="method"><option>descent</option><option>momentum</option>\
<option>nesterov</option><option>adam</option></select></label>
</div>
<div class="buttons">
<button type="button" id="descend-step">Step</button>
<button type="button" id="run">Run</button>
<button type="button" id="descend-reset">Back to the start</button>
</div>
<p id="losses" role="status"></p>
<svg id="curve" viewBox="0 0 340 140" role="img" aria-label="The output after each step"></svg>
"""
PANELS = "".join([
    panel("inputs", INPUTS), panel("chain", CHAIN), panel("table", TABLE),
    panel("nudge", NUDGE), panel("descend", DESCEND),
])  # fmt: skip

# What only `play` has.

PLAYED_TABS = "".join([
    tab("explanation", "Words"), tab("code", "Code"), tab("verdict", "Verdict"),
])  # fmt: skip
CODE = """\
<label>Language <select id="lang"><option>python</option><option>numpy</option><option>c</option>\
<option>javascript</option><option>latex</option></select></label>
<div id="code-lines" tabindex="0" role="region" aria-label="Code"></div>
"""
PLAYED_PANELS = "".join([
    panel("explanation", '<div id="explanation-lines"></div>\n'),
    panel("code", CODE),
    panel("verdict", '<div id="verdict-lines" role="status"></div>\n'),
])  # fmt: skip
EDITOR = """\
<form id="editor" aria-label="Program">
<textarea id="text" rows="1" spellcheck="false" autocapitalize="off" autocomplete="off" \
aria-label="Program: a formula, statements, or Python" aria-describedby="error"></textarea>
<select id="examples" aria-label="Examples"><option value="">Examples</option></select>
<select id="unit" aria-label="Function" hidden></select>
<pre id="error" role="alert"></pre>
<div id="needs" role="group" aria-label="Values"></div>
<p id="notes" role="status"></p>
</form>
"""
SAVE_PAGE = '<button type="button" id="save-page">Save page</button>\n'
