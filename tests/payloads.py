"""What strangers try, as tables: names of this machine, origins, paths, commands, and bodies that are no JSON."""

import itertools

from asked import Headers
from made_studio import ORIGIN, PORT, RUN

HOSTS = (
    "evil.example", f"evil.example:{PORT}", f"127.0.0.1.evil.example:{PORT}", f"localhost.evil.example:{PORT}",
    f"127.0.0.1:{PORT}.evil.example", f"evil-127.0.0.1:{PORT}", f"evil.127.0.0.1:{PORT}", "127.0.0.1", "localhost",
    "[::1]", "127.0.0.1:80", "127.0.0.1:8471", "localhost:1", f"127.0.0.2:{PORT}", f"0.0.0.0:{PORT}", f"0:{PORT}",
    f"[::]:{PORT}", f"[::ffff:127.0.0.1]:{PORT}", f"2130706433:{PORT}", f"0x7f000001:{PORT}", f"0177.0.0.1:{PORT}",
    f"127.1:{PORT}", f"127.0.0.1.:{PORT}", f"localhost.:{PORT}", f"localhost.localdomain:{PORT}",
    f"ip6-localhost:{PORT}", f"user@127.0.0.1:{PORT}", f"127.0.0.1:{PORT}@evil.example", f" 127.0.0.1:{PORT}",
    f"127.0.0.1:{PORT} ", f"127.0.0.1:0{PORT}", f"127.0.0.1:{PORT}/", f"127.0.0.1:{PORT},evil.example",
    f"http://127.0.0.1:{PORT}", f"127.0.0.1:{PORT}#", f"127.0.0.1%00:{PORT}", f"l\xf6calhost:{PORT}", "", "*", "null",
)  # fmt: skip
"""Forty that are not ours."""

ORIGINS: tuple[Headers, ...] = (
    [("origin", "null")],
    [("origin", "https://evil.example")],
    [("origin", "http://127.0.0.1:9999")],
    [("origin", f"http://127.0.0.1:{PORT}.evil.example")],
    [("origin", f"http://evil-127.0.0.1:{PORT}")],
    [("origin", f"https://127.0.0.1:{PORT}")],
    [("origin", f"http://localhost:{PORT}")],
    [("origin", f"{ORIGIN}/")],
    [("origin", ORIGIN), ("origin", "https://evil.example")],
    [("origin", "")],
    [("sec-fetch-site", "cross-site")],
    [("sec-fetch-site", "same-site"), ("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "document")],
    [],
    [("content-type", "application/x-www-form-urlencoded")],
    [("content-type", "multipart/form-data; boundary=x")],
    [("content-type", "text/plain")],
)
"""Of other sites; the last four say nothing of where they come from, as a cookie alone does not either."""

_UPS = (
    "../", "..\\", "..%2f", "%2e%2e/", "%2e%2e%2f", "..%5c", "%2e%2e%5c", "..%252f", "%252e%252e%252f", "..%c0%af",
    "..%ef%bc%8f", "....//", "..;/", ".%00./", "./../", "/../", "\\..\\", "%2e%2e%00/",
)  # fmt: skip
_ENDS = (
    "canary.txt", "canary.png", "outside/recipe.json", "canary.txt%00.png", "canary.png#.png", "canary.txt::$DATA",
    "CANARY.PNG", "canary.png/", "canary.png%20", "canary.png.",
)  # fmt: skip
_PLAIN = (
    "link.png", "linked", "linked/recipe.json", "hard.png", "canary.txt", ".", "..", "~", "~root", "%2f", "/", "//",
    "/etc/passwd", "%2fetc%2fpasswd", "//etc/passwd", "file:///etc/passwd", "C:\\Windows\\win.ini", "C%3a%5cboot.ini",
    "\\\\host\\share\\x", "%5c%5chost%5cshare", "CON", "NUL", "aux.png", "/proc/self/environ", "/dev/zero", "%00",
    "a%00b", "%0a", "%0d%0a", "\ud7ff", "%ff", "%c0%ae%c0%ae", "a" * 300, "%2e", "%2e%2e", "...", " ", "%20", "-",
    "--help", "-rf", "*", "?", "[a-z]*", "{a,b}", "$HOME", "%HOME%", "`id`", "recipe.json", "../recipe.json",
    "data:../..:0", "data:linked:0", "data:.:0", "data:..%2f..:0", "data:few%2f..:0", "data:~:0", "data:few/left:0",
)  # fmt: skip


def traversals() -> list[str]:
    """500 ways to say "somewhere else"."""
    climbing = [up * depth + end for up, depth, end in itertools.product(_UPS, (1, 3, 6), _ENDS)]
    ids = [f"{kind}{end}" for kind in ("upload:", f"run:{RUN}:test:../") for end in _ENDS]
    return [*_PLAIN, *ids, *climbing][:500]


def commands(command: str) -> list[str]:
    """Fifty ways to have a command run by whoever takes a text for more than a text."""
    frames = (
        "; {}", "| {}", "|| {}", "&& {}", "& {}", "`{}`", "$({})", "\n{}\n", "\r\n{}", "'; {}; '", '"; {}; "',
        "${{IFS}}{}", "a\0; {}", "-c {}", "--exec={}", "-m os;{}", "-o ProxyCommand={}", "@{}", "%0a{}", "{{{{{}}}}}",
        "<!--#exec cmd='{}'-->", "__import__('os').system('{}')", "${{{{jndi:ldap://127.0.0.1/{}}}}}", "!{}", "*; {}",
    )  # fmt: skip
    return [frame.format(word) for frame in frames for word in (command, command.replace(" ", "${IFS}"))]


def broken_bodies() -> list[bytes]:
    """40 that are no JSON, or JSON with something in it that ends badly further in."""
    values = (
        "NaN", "Infinity", "-Infinity", "1e400", "-1e400", "9" * 5000, "-" + "9" * 5000, "9007199254740993",
        '"\\ud800"', '"\\udfff\\ud800"', '"\\u0000"', "[" * 20000 + "]" * 20000, "[" * 40 + "]" * 40, "0x10", "01",
        "+1", ".5", "1.", "True", "None", "'a'", '"\t"', '"\\x41"', '"a', "{", "[1,]",
    )  # fmt: skip
    whole = (
        b" ", b"\xef\xbb\xbf{}", b"\xff\xfe{\0}\0", b"\xff", b"\xc3\x28", b"\xed\xa0\x80", b'{"data": "\xff"}',
        b'{"data": "few", "data": "pixelfolk"}', b"a=b&c=d", b"<xml/>", b'{"data": "few"} {}', b'{"data": "few"}\0',
        b"/**/{}", b'{"a":' * 20000 + b"1" + b"}" * 20000,
    )  # fmt: skip
    return [*(f'{{"data": "few", "size": {value}}}'.encode() for value in values), *whole]


def odd_bodies() -> list[bytes]:
    """20 that are JSON, and hardly what anybody asked for."""
    return [
        b"", b"null", b"true", b"1", b'"few"', b"[]", b"{}", b'{"data": null}', b'{"data": 1}',
        b'{"data": "few", "size": "8"}', b'{"data": "few", "size": true}', b'{"data": "few", "size": 8.5}',
        b'{"data": "few", "size": 1e-400}', b'{"data": "few", "size": 8, "more": 1}', b'{"data": ["few"]}',
        b'{"data": {"few": 1}}', b'{"__proto__": {"a": 1}}', b'{"data": "few", "size": -0}', b"[[[[[]]]]]",
        b'{"data": "' + b"a" * 10_000 + b'"}',
    ]  # fmt: skip
