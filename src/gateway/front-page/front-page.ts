import type { Handler, HttpRequest, HttpResponse, Log } from "../../lib/index.ts";
import type { UpgradeHandler } from "../listener/listener.ts";
import { applicationSections } from "./application-page.ts";
import { documentResponse, plainHeaders } from "./document.ts";
import { createStatusEvents } from "./events.ts";
import { type Html, type HtmlPart, html } from "./html.ts";
import { overviewSections } from "./overview.ts";
import type { PlatformStatus } from "./status.ts";
import { timeAgo } from "./time.ts";

/** Shows the platform to people. Disposing it ends the streams of those who look. */
export type FrontPage = Disposable & { handler: Handler; upgrade: UpgradeHandler };

type View = { title: string; nav: HtmlPart; sections: Html[] };

/**
 * The pages `/` and `/applications/<namespace>/<name>`, the same data as JSON at `/api/status`, and at `/events` a message
 * for each change, by server-sent events or WebSocket. Read only, and without secrets.
 */
export function createFrontPage(options: { status: PlatformStatus; log: Log; now?: () => Date }): FrontPage {
  const { status, log } = options;
  const now = options.now ?? (() => new Date());
  const events = createStatusEvents(status, log);

  const viewOf = (path: string): View | undefined => {
    const { platform } = status.snapshot();
    if (path === "/") {
      return {
        title: `${platform.name} · Skiff`,
        nav: platform.name,
        sections: overviewSections(status.snapshot(), now()),
      };
    }
    const id = applicationOf(path);
    const application = id && status.application(id);
    if (application === undefined) return undefined;
    return {
      title: `${application.name} · ${platform.name} · Skiff`,
      nav: html`<a href="/">${platform.name}</a> <span aria-hidden="true">›</span> ${application.namespace} <span aria-hidden="true">›</span> ${application.name}`,
      sections: applicationSections(application, now()),
    };
  };

  const page = (path: string): HttpResponse => {
    const { platform } = status.snapshot();
    const about = html`<span>Version ${platform.version}</span><span>Started ${timeAgo(platform.startedAt, now())}</span>`;
    // Asked before the view, so that a change in between is taken for news and not lost.
    const revision = events.revision();
    const view = viewOf(path);
    if (view === undefined) return notFound(platform.name, about);
    return documentResponse(200, { ...view, about, live: { revision, fragments: `/fragments${path}` } });
  };

  const fragments = (path: string): HttpResponse => {
    const view = viewOf(path);
    if (view === undefined) return text(404, "Not found\n");
    return {
      status: 200,
      headers: { ...plainHeaders, "content-type": "text/html; charset=utf-8" },
      body: view.sections.join("\n"),
    };
  };

  const answer = (request: HttpRequest): HttpResponse => {
    const path = request.target.split("?", 1)[0] ?? "/";
    if (request.method !== "GET" && request.method !== "HEAD") {
      return { ...text(405, "Only GET and HEAD\n"), headers: { ...plainHeaders, allow: "GET, HEAD" } };
    }
    if (path === "/events") return request.method === "HEAD" ? text(200, "") : events.stream(request);
    if (path === "/api/status") {
      const headers = { ...plainHeaders, "content-type": "application/json" };
      return { status: 200, headers, body: JSON.stringify(status.snapshot()) + "\n" };
    }
    if (path.startsWith("/fragments/")) return fragments(path.slice("/fragments".length));
    return page(path);
  };

  return {
    handler: async (request) => answer(request),
    upgrade: events.upgrade,
    [Symbol.dispose]: () => events[Symbol.dispose](),
  };
}

function applicationOf(path: string): { namespace: string; name: string } | undefined {
  const [, namespace, name] = /^\/applications\/([^/]+)\/([^/]+)$/.exec(path) ?? [];
  if (namespace === undefined || name === undefined) return undefined;
  try {
    return { namespace: decodeURIComponent(namespace), name: decodeURIComponent(name) };
  } catch {
    // A broken escape names nothing.
    return undefined;
  }
}

function notFound(platform: string, about: HtmlPart): HttpResponse {
  const section = html`<section class="banner warn"><p class="headline">There is nothing here</p><p>What it showed may be gone. <a href="/">Back to the platform</a></p></section>`;
  return documentResponse(404, { title: "Not found · Skiff", nav: platform, about, sections: [section] });
}

function text(status: number, body: string): HttpResponse {
  return { status, headers: { ...plainHeaders, "content-type": "text/plain; charset=utf-8" }, body };
}
