"""C++ source as text without its comments and literals, line by line where it was."""
import re

_TOKEN = re.compile(
    r'//[^\n]*'
    r'|/\*.*?\*/'
    r'|R"(?P<delimiter>[^()\\\s]{0,16})\(.*?\)(?P=delimiter)"'
    r'|"(?:\\.|[^"\\\n])*"'
    r"|(?<![0-9a-fA-F])'(?:\\.|[^'\\\n])+'",  # a quote between digits separates them
    re.DOTALL)


def _blank(match):
    text = match.group(0)
    lines = "\n" * text.count("\n")
    if text.startswith("/"):
        return " " + lines
    return ('""' if text[0] in 'R"' else "' '") + lines


def code_only(text):
    """Comments become spaces and literals empty ones; the number of lines stays. #include lines keep their names."""
    kept = {}

    def keep(match):
        mark = f"#include @{len(kept)}@"
        kept[mark] = match.group(0)
        return mark

    text = re.sub(r'^[ \t]*#[ \t]*include[ \t]*(?:"[^"\n]*"|<[^>\n]*>)', keep, text, flags=re.MULTILINE)
    text = _TOKEN.sub(_blank, text)
    return re.sub(r"#include @\d+@", lambda m: kept.get(m.group(0), m.group(0)), text)


def includes(code):
    """(line, path, quoted) of every #include of what code_only() gave."""
    for match in re.finditer(r'^[ \t]*#[ \t]*include[ \t]*(["<])([^">\n]*)', code, re.MULTILINE):
        yield code.count("\n", 0, match.start()) + 1, match.group(2), match.group(1) == '"'
