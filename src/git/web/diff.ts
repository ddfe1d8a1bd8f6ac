import type { HttpRequest, HttpResponse } from "../../lib/index.ts";
import type { Identity } from "../authenticate.ts";
import { readCommit, resolveCommit } from "../history.ts";
import type { Repositories, Repository } from "../repositories.ts";
import { type Html, html } from "./html.ts";
import { absentPage, formatTime, linkTo, type Site } from "./page.ts";

type View = {
  repositories: Repositories;
  repository: Repository;
  site: Site;
  identity: Identity | undefined;
  request: HttpRequest;
  /** Puts the repository's head around a page. */
  frame: (title: string, body: Html) => HttpResponse;
};

/** As much of a diff as anybody reads in a browser. */
const shownBytesMax = 512 * 2 ** 10;
/** Renames are looked for with a limit of git's own; without colours or external tools, whatever is configured. */
const diffOptions = ["--patch", "--no-color", "--no-ext-diff", "--no-textconv", "--find-renames"];

/** @param name id of a commit, with `.diff` or `.patch` at the end for the bare text */
export async function commitPage(view: View, name: string): Promise<HttpResponse> {
  const { repositories, repository, site, identity } = view;
  const [, revision = "", ending] = /^([0-9a-f]{4,40})(\.diff|\.patch)?$/.exec(name) ?? [];
  const oid = revision === "" ? undefined : await resolveCommit(repositories, repository, revision);
  const commit = oid === undefined ? undefined : await readCommit(repositories, repository, oid);
  if (commit === undefined)
    return absentPage(site, identity, `${repository.owner}/${repository.name} has no commit ${name}.`);
  if (ending !== undefined) {
    const args =
      ending === ".diff"
        ? ["show", "--format=", ...diffOptions, commit.oid]
        : ["format-patch", "--stdout", "-1", commit.oid];
    return plain(await repositories.run(repository, args));
  }
  const diff = await repositories.run(repository, ["show", "--format=", "--first-parent", ...diffOptions, commit.oid], {
    cutBytes: shownBytesMax,
  });
  const parents = commit.parents.map(
    (parent) =>
      html` · parent <a class="mono" href="${linkTo(site, repository.owner, repository.name, "commit", parent)}">${parent.slice(0, 10)}</a>`,
  );
  const [title = "", ...rest] = commit.message.trim().split("\n");
  const text = rest.join("\n").trim();
  const files = linkTo(site, repository.owner, repository.name, "src", "commit", commit.oid);
  const body = html`<h2>${title}</h2>${text === "" ? undefined : html`<pre>${text}</pre>`}
<p class="soft">${commit.author.name} &lt;${commit.author.email}&gt; · ${formatTime(commit.author.date)} · <span class="mono">${commit.oid}</span>${parents} · <a href="${files}">files</a> · <a href="${linkTo(site, repository.owner, repository.name, "commit", `${commit.oid}.patch`)}">patch</a></p>
${diffHtml(diff)}`;
  return view.frame(title || commit.oid, body);
}

/** @param range `base...head`: what `head` has that was not in `base` when they parted */
export async function comparePage(view: View, range: string): Promise<HttpResponse> {
  const { repositories, repository, site, identity } = view;
  const [base, head] = await Promise.all(
    range
      .split("...")
      .map((revision) => (revision === "" ? undefined : resolveCommit(repositories, repository, revision))),
  );
  if (base === undefined || head === undefined)
    return absentPage(site, identity, `${range} are not two commits of ${repository.owner}/${repository.name}.`);
  const diff = await repositories
    .run(repository, ["diff", ...diffOptions, "--merge-base", base, head], { cutBytes: shownBytesMax })
    .catch(() =>
      // Histories that have nothing in common are compared as they are.
      repositories.run(repository, ["diff", ...diffOptions, base, head], { cutBytes: shownBytesMax }),
    );
  return view.frame(
    "Changes",
    html`<h2>Changes</h2><p class="mono">${base.slice(0, 10)}...${head.slice(0, 10)}</p>${diffHtml(diff)}`,
  );
}

function diffHtml(diff: Buffer): Html {
  const lines = diff.toString().replace(/\n$/, "").split("\n");
  const files: { name: string; rows: Html[] }[] = [];
  let inHunk = false;
  for (const line of lines) {
    if (line.startsWith("diff --git ")) {
      files.push({ name: line.slice(line.indexOf(" b/") + 3), rows: [] });
      inHunk = false;
      continue;
    }
    const file = files.at(-1);
    if (file === undefined) continue;
    if (line.startsWith("@@")) inHunk = true;
    // Of the lines before the first hunk only those are of interest that say what happened to the file as a whole.
    if (!inHunk && !/^(new|deleted|old|rename|copy|similarity|Binary)/.test(line)) continue;
    file.rows.push(html`<tr class="${inHunk ? lineClass(line) : "hunk"}"><td>${line}</td></tr>`);
  }
  if (files.length === 0) return html`<p class="soft">No changes.</p>`;
  const cut =
    diff.byteLength > shownBytesMax ? html`<p class="soft">The rest is too large to be shown here.</p>` : undefined;
  const boxes = files.map(
    ({ name, rows }) =>
      html`<div class="box"><div class="top"><strong class="mono">${name}</strong></div><div class="scroll"><table class="code">${rows}</table></div></div>`,
  );
  return html`${boxes}${cut}`;
}

function lineClass(line: string): string {
  switch (line[0]) {
    case "+":
      return "add";
    case "-":
      return "del";
    case "@":
    case "\\":
      return "hunk";
    default:
      return "";
  }
}

function plain(body: Uint8Array): HttpResponse {
  return {
    status: 200,
    headers: { "content-type": "text/plain; charset=utf-8", "x-content-type-options": "nosniff" },
    body,
  };
}
