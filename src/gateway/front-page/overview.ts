import { type Html, html } from "./html.ts";
import {
  applicationHref,
  chip,
  copyable,
  count,
  outsideLink,
  partAddress,
  repositoryHref,
  revision,
  sourceLabel,
} from "./pieces.ts";
import { type ApplicationSummary, needsAttention, type PartStatus, type StatusSnapshot } from "./status.ts";
import { timeAgo } from "./time.ts";

/** A page with more rows is no longer read but searched, and that is what kubectl and /api/status are for. */
const rowsMax = 500;

/** The sections of the front page. Each has an id and is replaced as a whole when it changes. */
export function overviewSections(snapshot: StatusSnapshot, now: Date): Html[] {
  return [
    summarySection(snapshot),
    applicationsSection(snapshot.applications, now),
    html`<div class="columns">${partsSection(snapshot.parts)}${accessSection(snapshot)}</div>`,
    repositoriesSection(snapshot.repositories),
    packagesSection(snapshot.packages),
  ];
}

function summarySection({ applications, parts }: StatusSnapshot): Html {
  const troubled = applications.filter(needsAttention).length;
  const failed = parts.filter(({ state }) => state === "failed");
  const starting = parts.filter(({ state }) => state === "starting");
  const partsText =
    failed.length + starting.length === 0
      ? "Every part of the platform is ready"
      : [
          failed.length > 0 && `Does not run: ${titles(failed)}`,
          starting.length > 0 && `Still starting: ${titles(starting)}`,
        ]
          .filter((part) => part !== false)
          .join(". ");
  const tone = failed.length > 0 ? "bad" : troubled + starting.length > 0 ? "warn" : "good";
  const lines = [applicationsText(applications.length, troubled), partsText];
  const [headline, rest] = failed.length > 0 ? lines.reverse() : lines;
  return html`<section id="summary" class="banner ${tone}" aria-live="polite">
<p class="headline">${headline}</p>
<p>${rest}</p>
</section>`;
}

function titles(parts: readonly PartStatus[]): string {
  return parts.map(({ title }) => title).join(", ");
}

function applicationsText(total: number, troubled: number): string {
  if (total === 0) return "No applications yet";
  if (troubled > 0)
    return `${troubled} of ${count(total, "application")} ${troubled === 1 ? "needs" : "need"} attention`;
  return total === 1
    ? "The application is synced and healthy"
    : `All ${count(total, "application")} are synced and healthy`;
}

function applicationsSection(applications: readonly ApplicationSummary[], now: Date): Html {
  const shown = chooseRows(applications);
  const hidden = applications.length - shown.length;
  const table = html`<table role="table"><thead><tr><th scope="col">Application</th><th scope="col">Sync</th><th scope="col">Health</th><th scope="col">Revision</th><th scope="col">Source</th><th scope="col">Last sync</th></tr></thead>
<tbody>${shown.map((application) => applicationRow(application, now))}</tbody></table>
${hidden > 0 && html`<p class="note">${count(hidden, "more application")} without problems: <code>kubectl get applications -A</code></p>`}`;
  const empty = html`<p class="note">Start with a package: <code>skiff create -p &lt;directory&gt;</code>, or apply an Application with kubectl.</p>`;
  return html`<section id="applications" class="card"><h2>Applications</h2>${applications.length === 0 ? empty : table}</section>`;
}

/** All, or as many as fit, and then rather those that need attention; in the order given. */
function chooseRows(applications: readonly ApplicationSummary[]): readonly ApplicationSummary[] {
  if (applications.length <= rowsMax) return applications;
  const troubled = applications.filter(needsAttention).slice(0, rowsMax);
  const chosen = new Set(troubled);
  for (const application of applications) {
    if (chosen.size === rowsMax) break;
    chosen.add(application);
  }
  return applications.filter((application) => chosen.has(application));
}

function applicationRow(application: ApplicationSummary, now: Date): Html {
  const { namespace, name, project, sync, health, problems, repoURL, moreSources } = application;
  const href = applicationHref(application);
  return html`<tr role="row"><th scope="row" role="rowheader"><a id="${href}" href="${href}">${name}</a> <small>${namespace} · ${project}</small></th>
<td role="cell" data-label="Sync">${chip(application.operation === "Running" ? "Running" : sync)}</td>
<td role="cell" data-label="Health">${chip(health)}</td>
<td role="cell" data-label="Revision">${revision(application.revision)}</td>
<td role="cell" data-label="Source" class="long">${outsideLink(repositoryHref(repoURL), sourceLabel(application))}${moreSources > 0 && ` +${moreSources}`}</td>
<td role="cell" data-label="Last sync">${timeAgo(application.lastSyncAt, now)}</td></tr>
${problems.length > 0 && html`<tr role="row" class="problems"><td role="cell" colspan="6"><ul>${problems.map((problem) => html`<li>${problem}</li>`)}</ul></td></tr>`}`;
}

function partsSection(parts: readonly PartStatus[]): Html {
  return html`<section id="parts" class="card"><h2>What runs</h2><ul class="parts">${parts.map(
    (part) =>
      html`<li>${chip(part.state)}<strong>${part.title}</strong><span class="long">${partAddress(part)}</span>${
        part.message !== undefined && html`<p class="note">${part.message}</p>`
      }</li>`,
  )}</ul></section>`;
}

function accessSection({ commands, links }: StatusSnapshot): Html {
  return html`<section id="access" class="card"><h2>Access</h2><dl class="commands">${commands.map(
    ({ title, command }) => html`<dt>${title}</dt><dd>${copyable(command)}</dd>`,
  )}</dl>${
    links.length > 0 &&
    html`<ul class="links">${links.map(({ title, url }) => html`<li>${outsideLink(url, title)}</li>`)}</ul>`
  }</section>`;
}

function repositoriesSection(repositories: StatusSnapshot["repositories"]): Html {
  const shown = repositories.slice(0, rowsMax);
  const rows = shown.map(
    ({ owner, name, webURL, cloneURL, message, source, ...repository }) =>
      html`<tr role="row"><th scope="row" role="rowheader">${outsideLink(webURL, `${owner}/${name}`)}${source !== undefined && html` <small class="long">${source}</small>`}</th>
<td role="cell" data-label="Revision">${revision(repository.revision)}</td>
<td role="cell" data-label="Clone" class="long">${cloneURL !== "" && copyable(`git clone ${cloneURL}`)}</td></tr>
${message !== undefined && html`<tr role="row" class="problems"><td role="cell" colspan="3"><ul><li>${message}</li></ul></td></tr>`}`,
  );
  return html`<section id="repositories" class="card"><h2>Repositories</h2>${
    rows.length === 0
      ? html`<p class="note">No repositories yet.</p>`
      : html`<table role="table"><thead><tr><th scope="col">Repository</th><th scope="col">Revision</th><th scope="col">Clone</th></tr></thead><tbody>${rows}</tbody></table>
${repositories.length > shown.length && html`<p class="note">And ${repositories.length - shown.length} more.</p>`}`
  }</section>`;
}

function packagesSection(packages: StatusSnapshot["packages"]): Html {
  const shown = packages.slice(0, rowsMax);
  const rows = shown.map(
    ({ name, kind, application, source, synced, message }) =>
      html`<tr role="row"><th scope="row" role="rowheader">${name}</th>
<td role="cell" data-label="State">${chip(synced ? "Synced" : "OutOfSync")}</td>
<td role="cell" data-label="Brings">${kind === "Application" ? html`<a href="${applicationHref(application)}">${application.name}</a>` : html`${application.name} <small>${kind}</small>`}</td>
<td role="cell" data-label="From" class="long">${source}</td></tr>
${message !== undefined && html`<tr role="row" class="problems"><td role="cell" colspan="4"><ul><li>${message}</li></ul></td></tr>`}`,
  );
  return html`<section id="packages" class="card"><h2>Packages</h2>${
    rows.length === 0
      ? html`<p class="note">No packages were passed with <code>-p</code>.</p>`
      : html`<table role="table"><thead><tr><th scope="col">Package</th><th scope="col">State</th><th scope="col">Brings</th><th scope="col">From</th></tr></thead><tbody>${rows}</tbody></table>
${packages.length > shown.length && html`<p class="note">And ${packages.length - shown.length} more.</p>`}`
  }</section>`;
}
