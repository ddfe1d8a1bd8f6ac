import { type Html, type HtmlPart, html } from "./html.ts";
import { chip, count, outsideLink, repositoryHref, revision, sourceLabel } from "./pieces.ts";
import type { ApplicationDetails, ResourceDetails } from "./status.ts";
import { timeAgo } from "./time.ts";

/** Rows of resources on one page; the largest charts we know (monitoring stacks) have some 300. */
const resourcesMax = 1000;

/** The sections of the page of one application. */
export function applicationSections(application: ApplicationDetails, now: Date): Html[] {
  const { problems, conditions, lastOperation, history } = application;
  return [
    html`<section id="summary" class="banner ${bannerTone(application)}" aria-live="polite">
<p class="headline">${application.name}</p><p class="chips">${chip(application.operation === "Running" ? "Running" : application.sync)} ${chip(application.health)}</p>
${problems.length > 0 && html`<ul>${problems.map((problem) => html`<li>${problem}</li>`)}</ul>`}
</section>`,
    factsSection(application, now),
    resourcesSection(application.resources),
    conditions.length > 0 &&
      html`<section id="conditions" class="card"><h2>Conditions</h2><dl>${conditions.map(
        ({ type, message, at }) =>
          html`<dt>${type} <small>${timeAgo(at, now)}</small></dt><dd class="long">${message}</dd>`,
      )}</dl></section>`,
    html`<div class="columns">${lastOperation !== undefined && operationSection(lastOperation, now)}${historySection(history, now)}</div>`,
  ].filter((section) => section !== false);
}

function bannerTone({ sync, health, problems, operation }: ApplicationDetails): string {
  if (health === "Degraded" || operation === "Failed" || operation === "Error") return "bad";
  return sync === "Synced" && health === "Healthy" && problems.length === 0 ? "good" : "warn";
}

function factsSection(application: ApplicationDetails, now: Date): Html {
  const { sources, destination, links } = application;
  return html`<section id="facts" class="card"><h2>Source and destination</h2><dl>
${sources.map(
  (source) =>
    html`<dt>Source</dt><dd class="long">${outsideLink(repositoryHref(source.repoURL), sourceLabel(source))}<br><small>${
      source.targetRevision === undefined || source.targetRevision === "" ? "HEAD" : source.targetRevision
    } → </small>${revision(source.revision)}</dd>`,
)}
${fact("Cluster", destination.cluster)}${fact("Namespace", destination.namespace)}${fact("Project", application.project)}
${fact("Automatic sync", application.automatedSync ? "on" : "off")}${fact("Last compared", timeAgo(application.comparedAt, now))}
${
  links.length > 0 &&
  fact(
    "Links",
    links.map((url) => html`${outsideLink(url, url)} `),
  )
}
</dl></section>`;
}

function fact(title: string, value: HtmlPart): HtmlPart {
  return value !== undefined && html`<dt>${title}</dt><dd class="long">${value}</dd>`;
}

function resourcesSection(resources: readonly ResourceDetails[]): Html {
  const shown = resources.slice(0, resourcesMax);
  const table = html`<table role="table"><thead><tr><th scope="col">Resource</th><th scope="col">Namespace</th><th scope="col">Sync</th><th scope="col">Health</th><th scope="col">Message</th></tr></thead>
<tbody>${shown.map(
    ({ kind, group, namespace, name, sync, health, message }) =>
      html`<tr role="row"><th scope="row" role="rowheader">${name} <small>${kind}${group !== "" && ` · ${group}`}</small></th>
<td role="cell" data-label="Namespace">${namespace ?? html`<span class="faint">–</span>`}</td>
<td role="cell" data-label="Sync">${chip(sync)}</td><td role="cell" data-label="Health">${chip(health)}</td>
<td role="cell" data-label="Message" class="long">${message ?? html`<span class="faint">–</span>`}</td></tr>`,
  )}</tbody></table>${resources.length > shown.length && html`<p class="note">And ${resources.length - shown.length} more.</p>`}`;
  return html`<section id="resources" class="card"><h2>${count(resources.length, "resource")}</h2>${resources.length > 0 && table}</section>`;
}

function operationSection(operation: NonNullable<ApplicationDetails["lastOperation"]>, now: Date): Html {
  const { phase, message, startedAt, finishedAt, by, retries } = operation;
  return html`<section id="operation" class="card"><h2>Last sync</h2><dl>
${fact("Result", chip(phase))}${fact("Message", message)}${fact("Revision", revision(operation.revision))}
${fact("Started", timeAgo(startedAt, now))}${finishedAt !== undefined && fact("Ended", timeAgo(finishedAt, now))}
${fact("By", by)}${retries > 0 && fact("Retries", retries)}
</dl></section>`;
}

function historySection(history: ApplicationDetails["history"], now: Date): Html {
  return html`<section id="history" class="card"><h2>History</h2>${
    history.length === 0
      ? html`<p class="note">Not deployed yet.</p>`
      : html`<ol class="history">${history.map(
          (entry) =>
            html`<li>${revision(entry.revision)} <span>${timeAgo(entry.deployedAt, now)}</span> <small>${entry.by}</small></li>`,
        )}</ol>`
  }</section>`;
}
