#!/usr/bin/env python3
"""Finds co_await where gcc 12 destroys a temporary twice.

gcc 12.2 miscompiles a full expression that awaits and that also creates an object by braces, a lambda that captures,
or the result of ?: inside it. The cure is always to name that thing in a statement of its own first. This reads text,
not types, so it errs towards complaining; a line that is known to be harmless says so with  // coawait-ok: REASON.

usage: check_coawait.py FILE...      exit status 1 if anything was found
"""
import re
import sys

from cpp_text import code_only

BRACES = "an object made by braces"
LAMBDA = "a lambda that captures"
CONDITIONAL = "a conditional operator"

OPENERS = {"(": ")", "[": "]", "{": "}"}
CLOSERS = {closer: opener for opener, closer in OPENERS.items()}
# What a brace may follow and still open a block of statements.
BLOCK_BEFORE = re.compile(r"(\)|\b(else|do|try|const|noexcept|mutable|override|final)|->[^;{}()]*|[;{}:]|^)\s*$")
BLOCK_NAMED = re.compile(r"\b(namespace|struct|class|union|enum|extern)\b[^;{}()=]*$")
AWAITING = re.compile(r"\b(return|co_return|co_await|co_yield)$")
CONTROL = re.compile(r"\b(if|while|switch|for)\s*(constexpr\s*)?$")
LAMBDA_HEAD = re.compile(r"\[(?P<captures>[^\[\]]*)\]\s*(?P<rest>[({]|mutable\b|->|noexcept\b)")


def match_forward(code, start):
    """The index behind the bracket that closes the one at `start`."""
    depth = 0
    for i in range(start, len(code)):
        if code[i] in OPENERS:
            depth += 1
        elif code[i] in CLOSERS:
            depth -= 1
            if depth == 0:
                return i + 1
    return len(code)


def lambdas(code):
    """(start, captures, body start, body end) of every lambda in `code`."""
    for head in LAMBDA_HEAD.finditer(code):
        before = code[max(0, head.start() - 100):head.start()].rstrip()
        if before and (before[-1].isalnum() or before[-1] in "_)]\"") and not AWAITING.search(before):
            continue  # an index
        if before.endswith("auto") or before.endswith("&") and re.search(r"\bauto\s*&{1,2}$", before):
            continue  # a structured binding
        i = head.end("captures") + 1
        while i < len(code) and code[i] not in "{;":
            i = match_forward(code, i) if code[i] in "([" else i + 1
        if i < len(code) and code[i] == "{":
            yield head.start(), head.group("captures").strip(), i, match_forward(code, i)


def opens_block(code, brace):
    before = code[max(0, brace - 400):brace].rstrip()
    if BLOCK_BEFORE.search(before):
        return not re.search(r"\b(return|co_return|co_await)\s*$", before)
    return bool(BLOCK_NAMED.search(before))


def expression_around(code, position, blocks):
    """The full expression that holds `position`; `blocks` are the indices of braces that open statements."""
    start, depth = position, 0
    while start > 0:
        c = code[start - 1]
        if c in CLOSERS:
            if c == "}" and depth == 0 and block_of_closer(code, start - 1, blocks):
                break
            depth += 1
        elif c in OPENERS:
            if depth:
                depth -= 1
            elif c == "{" and start - 1 in blocks:
                break
            elif c == "(" and CONTROL.search(code[max(0, start - 40):start - 1]):
                break
        elif c == ";" and depth == 0:
            break
        start -= 1
    end, depth = position, 0
    while end < len(code):
        c = code[end]
        if c == "{" and depth == 0 and end in blocks:
            break
        if c in OPENERS:
            depth += 1
        elif c in CLOSERS:
            if depth == 0 and enclosing_is_statement(code, end, blocks):
                break
            depth = max(0, depth - 1)
        elif c == ";" and depth == 0:
            break
        end += 1
    return start, end


def opener_of(code, closer):
    depth = 0
    for i in range(closer, -1, -1):
        if code[i] in CLOSERS:
            depth += 1
        elif code[i] in OPENERS:
            depth -= 1
            if depth == 0:
                return i
    return -1


def block_of_closer(code, closer, blocks):
    return opener_of(code, closer) in blocks


def enclosing_is_statement(code, closer, blocks):
    opener = opener_of(code, closer)
    if opener < 0:
        return True
    return opener in blocks or (code[opener] == "(" and bool(CONTROL.search(code[max(0, opener - 40):opener])))


def blank_bodies(text):
    """`text` without what stands in the bodies of its lambdas: those are other functions."""
    done = 0
    while True:
        for _, _, body, end in lambdas(text):
            if body >= done:
                text = text[:body] + "@" + text[end:]
                done = body + 1
                break
        else:
            return text


def faults(text):
    """What in this full expression must not stand beside a co_await."""
    captures = [c for _, c, _, _ in lambdas(text)]
    outside = blank_bodies(text)
    if not re.search(r"\bco_await\b", outside):
        return  # it is awaited in the body of a lambda, whose statements are looked at by themselves
    if any(captures):
        yield LAMBDA
    if "?" in outside:
        yield CONDITIONAL
    if "{" in outside:
        yield BRACES


def check(raw):
    """(line, fault) of every finding in the text of one file."""
    code = code_only(raw)
    code = "\n".join("" if line.lstrip().startswith("#") else line for line in code.split("\n"))
    bodies = {body for _, _, body, _ in lambdas(code)}
    blocks = {i for i, c in enumerate(code) if c == "{" and (i in bodies or opens_block(code, i))}
    lines = raw.split("\n")
    found = set()
    for match in re.finditer(r"\bco_await\b", code):
        start, end = expression_around(code, match.start(), blocks)
        line = code.count("\n", 0, match.start()) + 1
        first = code.count("\n", 0, start + len(code[start:]) - len(code[start:].lstrip())) + 1
        if any("coawait-ok:" in lines[n - 1] for n in range(min(first, line), line + 1)):
            continue
        found.update((line, fault) for fault in faults(code[start:end]))
    return sorted(found)


def main(files):
    bad = False
    for name in files:
        with open(name, encoding="utf-8") as file:
            for line, fault in check(file.read()):
                print(f"{name}:{line}: co_await in one expression with {fault}: gcc 12 destroys it twice; name it first")
                bad = True
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
