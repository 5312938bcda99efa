import { expect, test } from "vitest";
import { hasMarkup, markdownToHtml } from "./markdown.ts";

test.each([
  "hello",
  "two\nlines",
  "  kept   spaces",
  "a-b",
  "C:\\Users\\ada",
  "3.5 kg",
  "你好，世界",
])("plain: %j", (text) => expect(hasMarkup(text)).toBe(false));

test.each([
  ["**bold** and *slanted*", "<p><strong>bold</strong> and <em>slanted</em></p>"],
  ["~~gone~~", "<p><s>gone</s></p>"],
  ["run `rm -rf *`", "<p>run <code>rm -rf *</code></p>"],
  ["one\n*two*", "<p>one\n<em>two</em></p>"],
  ["*one*\ntwo", "<p><em>one</em>\ntwo</p>"],
  ["- a\n- b\n", "<ul><li>a</li><li>b</li></ul>"],
  ["> said\n\nand?", "<blockquote><p>said</p></blockquote><p>and?</p>"],
  ["- a\n- b", "<ul><li>a</li><li>b</li></ul>"],
  ["3. c\n4. d", '<ol start="3"><li>c</li><li>d</li></ol>'],
  ["> said\n> so", "<blockquote><p>said\nso</p></blockquote>"],
  ["```ts\nconst a = 1 < 2;\n\nb();\n```", "<pre><code>const a = 1 &lt; 2;\n\nb();</code></pre>"],
])("%j", (text, html) => {
  expect(hasMarkup(text)).toBe(true);
  expect(markdownToHtml(text)).toBe(html);
});

test("what looks like markup in names and sums stays text", () => {
  expect(markdownToHtml("snake_case_name and 2 * 3 * 4")).toBe(
    "<p>snake_case_name and 2 * 3 * 4</p>",
  );
  expect(markdownToHtml("C:\\_temp\\*.txt")).toBe("<p>C:\\_temp\\*.txt</p>");
});

test("links show where they lead, also beside emphasis", () => {
  expect(markdownToHtml("*see* https://a.example/x_y_z?q=1&r=2")).toContain(
    'href="https://a.example/x_y_z?q=1&amp;r=2"',
  );
  expect(markdownToHtml("*x* [bank](https://evil.example)")).not.toContain(">bank<");
});

test.each([
  "*x* <img src=x onerror=alert(1)>",
  "*x* <script>alert(1)</script>",
  "`</code><script>alert(1)</script>`",
  "```\n</code></pre><script>alert(1)</script>\n```",
  '> "><svg onload=alert(1)>',
  "*x* javascript:alert(1)",
  '*x* https://a.example/"onmouseover="alert(1)',
  "*x* ![y](https://a.example/y.png)",
  "# *big*",
  "*x* &lt;script&gt;",
])("nothing becomes markup of its own: %j", (text) => {
  const tags = markdownToHtml(text).match(/<[^>]*>/g) ?? [];
  for (const tag of tags) {
    expect(tag).toMatch(
      /^<\/?(?:p|em|strong|s|code|pre|blockquote|ul|ol|li)>$|^<ol start="\d+">$|^<\/a>$|^<a href="https?:[^"<>\s]*" target="_blank" rel="noopener noreferrer nofollow">$/,
    );
  }
});

test("what nobody writes to anybody is shown as it is, and found out at once", () => {
  const started = performance.now();
  for (const text of ["\n".repeat(10_000), `${"\n".repeat(9_999)}x`, "1".repeat(10_000)]) {
    expect(hasMarkup(text)).toBe(false);
  }
  for (const unit of ["*a ", "_a", "*_~~", "~~a~", "`", "- a\n", "> a\n"]) {
    expect(hasMarkup(unit.repeat(10_000 / unit.length))).toBe(false);
  }
  // Each line of a text that is looked through to its end would take a second.
  expect(performance.now() - started).toBeLessThan(50);
  expect(hasMarkup("*a* ".repeat(100))).toBe(true);
});

test("10,000 characters of the worst are done at once", () => {
  const started = performance.now();
  for (const text of [
    "*".repeat(10_000),
    "> ".repeat(5_000),
    "`".repeat(10_000),
    "*a ".repeat(3_333),
  ]) {
    markdownToHtml(text);
  }
  expect(performance.now() - started).toBeLessThan(2_000);
});
