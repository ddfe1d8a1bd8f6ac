import type { HttpRequest, HttpResponse } from "../../lib/index.ts";
import type { Accounts } from "../accounts.ts";
import { type Identity, mayRead } from "../authenticate.ts";
import { listBranches, listCommits, listTags, readCommit, resolveCommit } from "../history.ts";
import type { Repositories, Repository } from "../repositories.ts";
import { isBinary, parseArchiveName, streamArchive, streamBlob } from "../stream.ts";
import { parseTarget } from "../target.ts";
import { modes, type TreeEntry } from "../trees.ts";
import { commitPage, comparePage } from "./diff.ts";
import { type Html, html } from "./html.ts";
import { absentPage, formatSize, formatTime, linkTo, page, type Site } from "./page.ts";

export type Web = { repositories: Repositories; accounts: Accounts; site: Site };

/** A place in a repository: a revision, what kind of name it is, and a path. */
type Place = { kind: "branch" | "tag" | "commit"; revision: string; commit: string; path: string };
type View = Web & {
  repository: Repository;
  identity: Identity | undefined;
  request: HttpRequest;
  /** The end of the default branch; absent in an empty repository. */
  head: string | undefined;
};

/** Larger files are only offered for download. */
const shownBytesMax = 2 ** 20;
const shownLinesMax = 20_000;
const commitsPerPage = 50;
/** Rows of a directory or a list; what is beyond is found with git. */
const rowsMax = 5_000;

/** The front page, or what one owner has. */
export function repositoryList(web: Web, identity: Identity | undefined, owner?: string): HttpResponse {
  const { repositories, accounts, site } = web;
  const found = repositories.list(owner).filter((repository) => mayRead(accounts, identity, repository));
  const name =
    owner === undefined
      ? undefined
      : (accounts.user(owner)?.login ?? accounts.organization(owner)?.name ?? found[0]?.owner);
  if (owner !== undefined && name === undefined)
    return absentPage(site, identity, `There is nobody called ${owner} here.`);
  const rows = found.slice(0, rowsMax).map(
    (
      repository,
    ) => html`<tr><td><a href="${linkTo(site, repository.owner, repository.name)}">${repository.owner}/<strong>${repository.name}</strong></a> ${badges(repository)}
<div class="soft">${repository.description}</div></td><td class="right soft">${formatTime(repository.updatedAt)}</td></tr>`,
  );
  const none = html`<tr><td class="soft">No repositories${identity === undefined ? " that everybody may see" : ""}.</td></tr>`;
  const body = html`<h1>${name ?? "Repositories"}</h1><div class="box"><table class="list">${rows.length === 0 ? none : rows}</table></div>`;
  return page(site, { title: name ?? "Repositories", identity, body });
}

/**
 * Everything below `/owner/name/`.
 *
 * @param rest path segments after the name, decoded
 */
export async function repositoryView(asked: Omit<View, "head">, rest: readonly string[]): Promise<HttpResponse> {
  const head = await resolveCommit(asked.repositories, asked.repository, "");
  return await sectionOf({ ...asked, head }, rest);
}

async function sectionOf(view: View, rest: readonly string[]): Promise<HttpResponse> {
  const { repositories, repository, site, identity, request, head } = view;
  const [section, ...more] = rest;
  switch (section) {
    case undefined: {
      if (head === undefined) return frame(view, undefined, "Empty", emptyRepository(view));
      const front: Place = { kind: "branch", revision: repository.defaultBranch, path: "", commit: head };
      return await directoryOrFile(view, front, true);
    }
    case "src":
    case "raw":
    case "commits": {
      const place = await placeOf(view, more);
      if (place === undefined)
        return absentPage(
          site,
          identity,
          `${repository.owner}/${repository.name} has no ${more.join("/") || "such revision"}.`,
        );
      if (section === "raw") return await streamBlob(repositories, { repository, ...place, request });
      return section === "src" ? await directoryOrFile(view, place, false) : await commitList(view, place);
    }
    case "archive": {
      const archive = parseArchiveName(more.join("/"));
      const commit =
        archive === undefined ? undefined : await resolveCommit(repositories, repository, archive.revision);
      if (archive === undefined || commit === undefined) return absentPage(site, identity, "There is no such archive.");
      return streamArchive(repositories, { repository, commit, ...archive, request });
    }
    case "commit":
      return await commitPage({ ...view, frame: (title, body) => frame(view, undefined, title, body) }, more.join("/"));
    case "compare":
      return await comparePage(
        { ...view, frame: (title, body) => frame(view, undefined, title, body) },
        more.join("/"),
      );
    case "branches":
      return await branchList(view);
    case "tags":
      return await tagList(view);
    default:
      return absentPage(site, identity, "There is no such page.");
  }
}

/** Reads `branch/<name>/<path>`, where the name may have slashes, or without the kind as older links have it. */
async function placeOf({ repositories, repository }: View, segments: readonly string[]): Promise<Place | undefined> {
  const [first, ...others] = segments;
  const named = first === "branch" || first === "tag" || first === "commit";
  const rest = named ? others : segments;
  const kinds: readonly Place["kind"][] = named ? [first] : ["branch", "tag", "commit"];
  const reader = repositories.reader(repository);
  for (const kind of kinds) {
    for (let length = 1; length <= rest.length; length++) {
      const revision = rest.slice(0, length).join("/");
      const full = kind === "branch" ? `refs/heads/${revision}` : kind === "tag" ? `refs/tags/${revision}` : revision;
      if (kind === "commit" && !/^[0-9a-f]{4,40}$/.test(revision)) continue;
      const commit = (await reader.info(`${full}^{commit}`))?.oid;
      if (commit !== undefined) return { kind, revision, commit, path: rest.slice(length).filter(Boolean).join("/") };
    }
  }
  return undefined;
}

async function directoryOrFile(view: View, place: Place, front: boolean): Promise<HttpResponse> {
  const { repositories, repository, site, identity } = view;
  const entry = await repositories.trees.find(repositories.reader(repository), place.commit, place.path);
  if (entry === undefined) return absentPage(site, identity, `${place.revision} has no ${place.path}.`);
  const content = entry.mode === modes.directory ? await directory(view, place, entry) : await file(view, place, entry);
  const latest = front ? await readCommit(repositories, repository, place.commit) : undefined;
  const about = html`<p>${repository.description}</p><code class="clone">git clone ${site.baseUrl}/${repository.owner}/${repository.name}.git</code>`;
  const line =
    latest &&
    html`<p class="soft">${latest.author.name} · <a href="${linkTo(site, repository.owner, repository.name, "commit", latest.oid)}">${subject(latest.message)}</a> · ${formatTime(latest.committer.date)}</p>`;
  return frame(
    view,
    place,
    place.path || `${repository.owner}/${repository.name}`,
    html`${front ? about : undefined}${crumbs(view, place)}${line}${content}`,
  );
}

async function directory({ repositories, repository, site }: View, place: Place, tree: TreeEntry): Promise<Html> {
  const reader = repositories.reader(repository);
  const entries = [...(await repositories.trees.entries(reader, tree.oid))].sort(
    (a, b) => Number(b.mode === modes.directory) - Number(a.mode === modes.directory),
  );
  const link = (name: string) =>
    linkTo(
      site,
      repository.owner,
      repository.name,
      "src",
      place.kind,
      place.revision,
      ...(place.path === "" ? [] : [place.path]),
      name,
    );
  const rows = entries.slice(0, rowsMax).map(async ({ name, mode, oid }) => {
    if (mode === modes.submodule)
      return html`<tr><td>${name} <span class="soft">@ ${oid.slice(0, 10)}</span></td><td></td></tr>`;
    const isDirectory = mode === modes.directory;
    const size = isDirectory ? "" : formatSize((await reader.info(oid))?.sizeBytes ?? 0);
    const kind =
      mode === modes.link
        ? html` <span class="tag">link</span>`
        : mode === modes.executable
          ? html` <span class="tag">executable</span>`
          : undefined;
    return html`<tr><td><a href="${link(name)}">${name}${isDirectory ? "/" : ""}</a>${kind}</td><td class="right soft">${size}</td></tr>`;
  });
  const readme = entries.find(
    ({ name, mode }) =>
      /^readme(\.(md|markdown|txt|rst|adoc|org))?$/i.test(name) && (mode === modes.file || mode === modes.executable),
  );
  const info = readme && (await reader.info(readme.oid));
  const text = info === undefined || info.sizeBytes > shownBytesMax ? undefined : (await reader.read(info.oid))?.bytes;
  const shown =
    text === undefined || isBinary(text)
      ? undefined
      : html`<div class="box"><div class="top"><strong>${readme?.name}</strong></div><pre>${text.toString()}</pre></div>`;
  const rest =
    entries.length > rowsMax ? html`<p class="soft">${entries.length - rowsMax} more are not shown.</p>` : undefined;
  return html`<div class="box"><table class="list">${await Promise.all(rows)}</table></div>${rest}${shown}`;
}

async function file({ repositories, repository, site }: View, place: Place, entry: TreeEntry): Promise<Html> {
  const reader = repositories.reader(repository);
  const info = await reader.info(entry.oid);
  const raw = linkTo(site, repository.owner, repository.name, "raw", place.kind, place.revision, place.path);
  const history = linkTo(site, repository.owner, repository.name, "commits", place.kind, place.revision, place.path);
  const top = html`<div class="top"><span class="soft">${formatSize(info?.sizeBytes ?? 0)}</span><span><a href="${raw}">Raw</a> · <a href="${history}">History</a></span></div>`;
  const note = (text: string) => html`<div class="box">${top}<p class="soft"><a href="${raw}">${text}</a></p></div>`;
  if (info?.type !== "blob") return html`<div class="box"><p>A commit of another repository.</p></div>`;
  if (info.sizeBytes > shownBytesMax) return note("This file is too large to be shown here.");
  const bytes = (await reader.read(info.oid))?.bytes ?? Buffer.alloc(0);
  if (isBinary(bytes)) return note("This file is not text.");
  const lines = bytes.toString().replace(/\n$/, "").split(/\r?\n/);
  if (lines.length > shownLinesMax) return note("This file has too many lines to be shown here.");
  const rows = lines.map(
    (line, index) =>
      html`<tr id="L${index + 1}"><td class="n"><a href="#L${index + 1}">${index + 1}</a></td><td>${line}</td></tr>`,
  );
  return html`<div class="box">${top}<div class="scroll"><table class="code">${rows}</table></div></div>`;
}

async function commitList(view: View, place: Place): Promise<HttpResponse> {
  const { repositories, repository, site, request } = view;
  const number = Math.max(1, Number(parseTarget(request.target).query.get("page")) || 1);
  const { commits, total } = await listCommits(repositories, repository, {
    commit: place.commit,
    path: place.path,
    skip: (number - 1) * commitsPerPage,
    limit: commitsPerPage,
  });
  const rows = commits.map(
    ({
      oid,
      message,
      author,
      committer,
    }) => html`<tr><td><a href="${linkTo(site, repository.owner, repository.name, "commit", oid)}">${subject(message)}</a>
<div class="soft">${author.name}</div></td><td class="mono right"><a href="${linkTo(site, repository.owner, repository.name, "commit", oid)}">${oid.slice(0, 10)}</a></td>
<td class="right soft">${formatTime(committer.date)}</td></tr>`,
  );
  const older = number * commitsPerPage < total ? html`<a rel="next" href="?page=${number + 1}">Older</a>` : undefined;
  const newer = number > 1 ? html`<a rel="prev" href="?page=${number - 1}">Newer</a>` : undefined;
  const body = html`${crumbs(view, place)}<p class="soft">${total} ${total === 1 ? "commit" : "commits"}</p><div class="box"><table class="list">${rows}</table></div><div class="pages">${newer}${older}</div>`;
  return frame(view, place, "Commits", body);
}

async function branchList(view: View): Promise<HttpResponse> {
  const { repositories, repository, site } = view;
  const rows = (await listBranches(repositories, repository)).slice(0, rowsMax).map(
    ({
      name,
      commit,
    }) => html`<tr><td><a href="${linkTo(site, repository.owner, repository.name, "src", "branch", name)}">${name}</a>
${name === repository.defaultBranch ? html`<span class="tag">default</span>` : undefined}</td>
<td class="mono right"><a href="${linkTo(site, repository.owner, repository.name, "commit", commit)}">${commit.slice(0, 10)}</a></td></tr>`,
  );
  return frame(view, undefined, "Branches", html`<div class="box"><table class="list">${rows}</table></div>`);
}

async function tagList(view: View): Promise<HttpResponse> {
  const { repositories, repository, site } = view;
  const rows = (await listTags(repositories, repository)).slice(0, rowsMax).map(
    ({
      name,
      commit,
      message,
    }) => html`<tr><td><a href="${linkTo(site, repository.owner, repository.name, "src", "tag", name)}">${name}</a> <span class="soft">${subject(message)}</span></td>
<td class="right"><a href="${linkTo(site, repository.owner, repository.name, "archive", `${name}.tar.gz`)}">tar.gz</a> <a href="${linkTo(site, repository.owner, repository.name, "archive", `${name}.zip`)}">zip</a></td>
<td class="mono right"><a href="${linkTo(site, repository.owner, repository.name, "commit", commit)}">${commit.slice(0, 10)}</a></td></tr>`,
  );
  const none = html`<tr><td class="soft">No tags.</td></tr>`;
  return frame(
    view,
    undefined,
    "Tags",
    html`<div class="box"><table class="list">${rows.length === 0 ? none : rows}</table></div>`,
  );
}

/** The head that all pages of a repository have. */
function frame(view: View, place: Place | undefined, title: string, body: Html): HttpResponse {
  const { repository, site, identity } = view;
  const { owner, name } = repository;
  const at: [string, string] =
    place === undefined ? ["branch", repository.defaultBranch] : [place.kind, place.revision];
  const tabs: [string, string][] = [
    ["Files", linkTo(site, owner, name, "src", ...at)],
    ["Commits", linkTo(site, owner, name, "commits", ...at)],
    ["Branches", linkTo(site, owner, name, "branches")],
    ["Tags", linkTo(site, owner, name, "tags")],
  ];
  const current = tabs.some(([text]) => text === title) ? title : place === undefined ? undefined : "Files";
  const links = tabs.map(([text, href]) =>
    text === current ? html`<a href="${href}" aria-current="page">${text}</a>` : html`<a href="${href}">${text}</a>`,
  );
  const nav = view.head === undefined ? undefined : html`<nav>${links}</nav>`;
  const head = html`<h1><a href="${linkTo(site, owner)}">${owner}</a> / <a href="${linkTo(site, owner, name)}">${name}</a> ${badges(repository)}</h1>${nav}`;
  return page(site, { title: `${title} · ${owner}/${name}`, identity, body: html`${head}${body}` });
}

/** The way from the root of the repository to a file, each step a link. */
function crumbs({ repository, site }: View, place: Place): Html {
  const parts = place.path === "" ? [] : place.path.split("/");
  const link = (length: number) =>
    linkTo(site, repository.owner, repository.name, "src", place.kind, place.revision, ...parts.slice(0, length));
  const steps = parts.map((part, index) => html` / <a href="${link(index + 1)}">${part}</a>`);
  return html`<p><span class="tag">${place.revision}</span> <a href="${link(0)}">${repository.name}</a>${steps}</p>`;
}

function emptyRepository({ repository, site }: View): Html {
  const url = `${site.baseUrl}/${repository.owner}/${repository.name}.git`;
  return html`<p>This repository is empty. To fill it:</p><div class="box"><pre>git clone ${url}
cd ${repository.name}
git checkout -b ${repository.defaultBranch}
echo "# ${repository.name}" &gt; README.md
git add README.md
git commit -m "first commit"
git push -u origin ${repository.defaultBranch}</pre></div><p>or, from a repository that you have:</p><div class="box"><pre>git remote add origin ${url}
git push -u origin ${repository.defaultBranch}</pre></div>`;
}

function badges(repository: Repository): Html {
  return html`${repository.private ? html`<span class="tag">private</span>` : undefined}${repository.archived ? html`<span class="tag">archived</span>` : undefined}`;
}

export function subject(message: string): string {
  return message.trimStart().split("\n", 1)[0] ?? "";
}
