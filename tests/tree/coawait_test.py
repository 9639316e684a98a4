"""What check_coawait.py must find and what it must leave alone."""
import textwrap
import unittest

from check_coawait import BRACES, CONDITIONAL, LAMBDA, check

BAD = {
    "an aggregate as an argument": ("co_await send(Message{1, 2});", BRACES),
    "designated initialisers": ("co_await send({.id = 1});", BRACES),
    "a list as an argument": ("co_await sum({1, 2, 3});", BRACES),
    "awaited into an aggregate": ("Pair p{co_await read(), 1};", BRACES),
    "awaited into an assigned aggregate": ("auto p = Pair{co_await read(), 1};", BRACES),
    "awaited into a vector": ("std::vector<int> v{co_await read()};", BRACES),
    "in a condition": ("if (co_await ok(Message{1})) { done(); }", BRACES),
    "in the condition of a loop": ("while (co_await ok(Message{1})) { done(); }", BRACES),
    "in a range for": ("for (auto x : co_await all(Message{1})) { use(x); }", BRACES),
    "returned": ("co_return co_await send(Message{1});", BRACES),
    "returned in braces": ("co_return Pair{co_await read(), 1};", BRACES),
    "over several lines": ("co_await send(\n    channel,\n    Message{1});", BRACES),
    "a string by braces": ('co_await send(std::string{"x"});', BRACES),
    "an empty object by braces": ("co_await send(Message{});", BRACES),
    "behind a method call": ("co_await client().send(Message{1}, use_awaitable);", BRACES),
    "both sides of an operator": ("co_await (send(Message{1}) || wait());", BRACES),
    "after an else": ("if (a) b(); else co_await send(Message{1});", BRACES),
    "a lambda by value": ("co_await co_spawn(ex, [s]() -> awaitable<void> { co_return; }, use_awaitable);", LAMBDA),
    "a lambda by reference": ("co_await run([&]() { work(); });", LAMBDA),
    "a lambda with an initialiser": ("co_await run([x = make()] { work(x); });", LAMBDA),
    "a lambda of this": ("co_await run([this] { work(); });", LAMBDA),
    "a conditional callee": ("co_await (c ? f() : g());", CONDITIONAL),
    "a conditional argument": ("co_await f(c ? x : y);", CONDITIONAL),
    "a conditional of awaits": ("auto r = c ? co_await f() : co_await g();", CONDITIONAL),
    "inside of a lambda's body": ("spawn([s]() -> awaitable<void> { co_await send(Message{1}); });", BRACES),
    "a conditional inside of a lambda's body": ("auto t = [s]() -> awaitable<void> { co_await f(c ? x : y); };", CONDITIONAL),
    "in a case": ("switch (k) { case 1: co_await send(Message{1}); break; }", BRACES),
    "behind a block": ("if (a) { b(); } co_await send(Message{1});", BRACES),
}

GOOD = {
    "named first": "Message m{1, 2}; co_await send(std::move(m));",
    "a constructor": "co_await send(Message(1, 2));",
    "a factory": "co_await send(make_message(1));",
    "nested awaits": "co_await g(co_await f());",
    "a structured binding": "auto [ec, n] = co_await read(as_tuple(use_awaitable));",
    "a structured binding by reference": "auto& [ec, n] = co_await read(as_tuple(use_awaitable));",
    "operators": "co_await (a() && b());",
    "a lambda named first": "auto task = [s]() -> awaitable<void> { co_return; }; co_await co_spawn(ex, std::move(task), t);",
    "awaits in a lambda's body": "auto task = [s]() -> awaitable<void> { co_await f(); };",
    "a lambda that captures nothing": "co_await run([](int x) { return x; });",
    "an if with a body": "if (co_await ok()) { done(Message{1}); }",
    "an if with an initialiser": "if (auto r = co_await ok(); !r) { fail(Error{1}); }",
    "a loop with a body": "while (co_await more()) { use(Message{1}); }",
    "a range for": "for (auto x : co_await all()) { use(Message{x}); }",
    "braces in the statement before": "use(Message{1}); co_await f();",
    "braces in the statement behind": "co_await f(); use(Message{1});",
    "a block before": "if (a) { use(Message{1}); } co_await f();",
    "a conditional in the statement before": "auto x = c ? 1 : 2; co_await f(x);",
    "a comment": "co_await f();  // like send(Message{1}) ? yes : no",
    "a string": 'co_await f("{?}");',
    "a character": "co_await f('{');",
    "a raw string": 'co_await f(R"({"a": "?"})");',
    "digits with separators": "co_await wait(1'000'000); auto x = Message{'a'};",
    "an index": "co_await f(items[i]);",
    "a try block": "try { co_await f(); } catch (const E& e) { fail(Error{1}); }",
    "silenced with a reason": "co_await f(c ? 1 : 2);  // coawait-ok: both are int",
    "an attribute": "[[maybe_unused]] auto r = co_await f();",
    "a nested function": "awaitable<void> f() { co_await g(); }\nvoid h() { use(Message{1}); }",
    "a member initialiser": "struct A { int x{1}; awaitable<void> f() { co_await g(); } };",
    "an immediately written coroutine": "spawn(ex, [](Self s) -> awaitable<void> { co_await s.go(); }(self), t);",
    "a switch on an awaited value": "switch (co_await kind()) { case 1: use(Message{1}); break; }",
    "a requires clause and a template": "template <class T> awaitable<T> f(T x) noexcept { co_return co_await g(x); }",
}


def in_function(text):
    return "awaitable<void> coroutine(int k) {\n" + textwrap.indent(text, "  ") + "\n}\n"


class CoAwait(unittest.TestCase):
    def test_finds_every_bad_sample(self):
        for name, (text, fault) in BAD.items():
            with self.subTest(name):
                self.assertIn(fault, [f for _, f in check(in_function(text))])

    def test_leaves_every_good_sample_alone(self):
        for name, text in GOOD.items():
            with self.subTest(name):
                self.assertEqual(check(in_function(text)), [])

    def test_tells_the_line(self):
        self.assertEqual(check("void f() {\n  a();\n\n  co_await send(Message{1});\n}\n"), [(4, BRACES)])

    def test_a_reason_silences_only_its_own_statement(self):
        text = "void f() {\n  co_await a(c ? 1 : 2);  // coawait-ok: ints\n  co_await b(c ? x : y);\n}\n"
        self.assertEqual(check(text), [(3, CONDITIONAL)])


if __name__ == "__main__":
    unittest.main()
