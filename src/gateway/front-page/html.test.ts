import assert from "node:assert/strict";
import test from "node:test";
import { html, safeHref, trusted } from "./html.ts";

test("what is put into a template is escaped, but not twice", () => {
  const evil = `<script>"a" & 'b'</script>`;
  const escaped = "&lt;script&gt;&quot;a&quot; &amp; &#39;b&#39;&lt;/script&gt;";
  assert.equal(html`<a title="${evil}">${evil}</a>`.text, `<a title="${escaped}">${escaped}</a>`);
  assert.equal(html`<p>${html`<b>${evil}</b>`}</p>`.text, `<p><b>${escaped}</b></p>`);
  assert.equal(html`${[evil, html`<i>`]}`.text, `${escaped}<i>`);
  assert.equal(html`${trusted("<hr>")}`.text, "<hr>");
});

test("nothing is written for what is absent, and zero is not absent", () => {
  assert.equal(html`[${undefined}${null}${false}${[]}${0}]`.text, "[0]");
});

test("a backslash in a template stays one", () => {
  assert.equal(html`a\\n${1}`.text, "a\\n1");
});

const hrefs: [string | undefined, string | undefined][] = [
  ["https://example.org/a?b", "https://example.org/a?b"],
  ["http://example.org", "http://example.org"],
  ["javascript:alert(1)", undefined],
  [" javascript:alert(1)", undefined],
  ["JaVaScRiPt:alert(1)", undefined],
  ["data:text/html,x", undefined],
  ["git@github.com:a/b.git", undefined],
  ["//example.org", undefined],
  ["", undefined],
  [undefined, undefined],
];
for (const [url, want] of hrefs) {
  test(`a link to ${JSON.stringify(url)} is ${want === undefined ? "not made" : "made"}`, () => {
    assert.equal(safeHref(url), want);
  });
}
