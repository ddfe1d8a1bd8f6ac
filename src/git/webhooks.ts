import { createHmac, randomUUID } from "node:crypto";
import { matchesGlob } from "node:path";
import { backoffMs, errorText, type Log, sleep } from "../lib/index.ts";
import type { Accounts } from "./accounts.ts";
import { ownsFor } from "./authenticate.ts";
import { post } from "./deliver.ts";
import { changedFiles, listCommits, readCommit } from "./history.ts";
import type { PushEvent, Repositories, Repository } from "./repositories.ts";
import type { Hook } from "./repository-file.ts";
import { payloadCommit, repositoryShape, type Shape, userShape } from "./shapes.ts";

/** Tells other programs about pushes, as Gitea does. */
export type Webhooks = AsyncDisposable & {
  /** Sends a hook the push that last happened to a branch, as if it were new. @returns whether there was anything to send */
  test(repository: Repository, hook: Hook, options: { branch: string; pusher: string }): Promise<boolean>;
};

/** Deliveries that wait; more means that a receiver is down, and the oldest are of the least use. */
const waitingMax = 1_000;
const attemptsMax = 3;
const firstRetryMs = 1_000;
const lastRetryMs = 10_000;
/** Commits that Gitea puts into the payload of a push; `total_commits` counts them all. */
const payloadCommitsMax = 5;
const noCommit = "0".repeat(40);

type Delivery = { repository: Repository; hook: Hook; event: string; payload: Shape };

/**
 * Delivers webhooks, one after another for each hook, until disposed. What is not delivered by then is dropped.
 *
 * @param options.baseUrl address of the git server in links, without a slash at the end
 * @param options.ca certificates to trust beside the well-known ones, in PEM
 */
export function startWebhooks(options: {
  repositories: Repositories;
  accounts: Accounts;
  baseUrl: string;
  log: Log;
  ca?: string;
}): Webhooks {
  const { repositories, log, ca } = options;
  const closing = new AbortController();
  const queues = new Map<string, Delivery[]>();
  const running = new Set<Promise<void>>();
  let waiting = 0;

  const send = async ({ repository, hook, event, payload }: Delivery): Promise<void> => {
    const fields = {
      repository: `${repository.owner}/${repository.name}`,
      hook: hook.id,
      host: new URL(hook.url).host,
    };
    for (let attempt = 1; ; attempt++) {
      const failure = await attemptDelivery({
        hook,
        event,
        payload,
        signal: closing.signal,
        ...(ca === undefined ? {} : { ca }),
      });
      if (failure === undefined || closing.signal.aborted) return;
      if (attempt === attemptsMax) return log.warn("A webhook could not be delivered", { ...fields, why: failure });
      await sleep(backoffMs(attempt, firstRetryMs, lastRetryMs), closing.signal);
    }
  };

  const drain = async (key: string, queue: Delivery[]) => {
    for (let delivery = queue.shift(); delivery !== undefined; delivery = queue.shift()) {
      waiting--;
      await send(delivery);
    }
    queues.delete(key);
  };

  const enqueue = (delivery: Delivery) => {
    const key = `${delivery.repository.id} ${delivery.hook.id}`;
    const queue = queues.get(key) ?? [];
    if (waiting >= waitingMax) {
      log.warn("Too many webhooks wait to be delivered; one was dropped", { host: new URL(delivery.hook.url).host });
      return;
    }
    waiting++;
    queue.push(delivery);
    if (queues.has(key)) return;
    queues.set(key, queue);
    const run = drain(key, queue).finally(() => running.delete(run));
    running.add(run);
  };

  const announce = async (event: PushEvent) => {
    const repository = repositories.get(event.owner, event.name);
    const hooks = repositories.hooks(event.owner, event.name).filter(({ active }) => active);
    if (repository === undefined || hooks.length === 0) return;
    for (const change of event.refs) {
      const wanted = hooks.flatMap((hook) =>
        eventsOf(change)
          .filter((kind) => wants(hook, kind, change.ref))
          .map((kind) => ({ hook, kind })),
      );
      const payloads = new Map<string, Shape>();
      for (const { hook, kind } of wanted) {
        const payload =
          payloads.get(kind) ??
          (await payloadOf(options, { repository, kind, change, pusher: event.pusher ?? repository.owner }));
        payloads.set(kind, payload);
        enqueue({ repository, hook, event: kind, payload });
      }
    }
  };

  // One after another, so that the payloads of two pushes are queued in their order.
  let announced: Promise<void> = Promise.resolve();
  const subscription = repositories.onPush((event) => {
    announced = announced
      .then(() => announce(event))
      .catch((error: unknown) =>
        log.error("Cannot tell webhooks about a push", { repository: `${event.owner}/${event.name}`, error }),
      );
  });

  return {
    async test(repository, hook, { branch, pusher }) {
      const tip = await repositories.reader(repository).info(`refs/heads/${branch}^{commit}`);
      const commit = tip === undefined ? undefined : await readCommit(repositories, repository, tip.oid);
      if (commit === undefined) return false;
      const change = { ref: `refs/heads/${branch}`, before: commit.parents[0] ?? noCommit, after: commit.oid };
      enqueue({
        repository,
        hook,
        event: "push",
        payload: await payloadOf(options, { repository, kind: "push", change, pusher }),
      });
      return true;
    },
    async [Symbol.asyncDispose]() {
      subscription[Symbol.dispose]();
      closing.abort();
      for (const queue of queues.values()) queue.length = 0;
      await announced;
      await Promise.all(running);
    },
  };
}

/** @returns why it failed, or `undefined` */
async function attemptDelivery(options: {
  hook: Hook;
  event: string;
  payload: Shape;
  signal: AbortSignal;
  ca?: string;
}): Promise<string | undefined> {
  const { hook, event, payload, signal, ca } = options;
  const json = JSON.stringify(payload, undefined, 2);
  const form = hook.contentType === "form";
  const body = form ? new URLSearchParams({ payload: json }).toString() : json;
  // Gitea signs the JSON, also when it is sent as a form.
  const sign = (algorithm: string) => createHmac(algorithm, hook.secret).update(json).digest("hex");
  const delivery = randomUUID();
  const headers: Record<string, string> = {
    "content-type": form ? "application/x-www-form-urlencoded" : "application/json",
    "x-gitea-delivery": delivery,
    "x-gitea-event": event,
    "x-gitea-event-type": event,
    "x-gitea-signature": hook.secret === "" ? "" : sign("sha256"),
    "x-gogs-delivery": delivery,
    "x-gogs-event": event,
    "x-gogs-event-type": event,
    "x-gogs-signature": hook.secret === "" ? "" : sign("sha256"),
    "x-hub-signature": `sha1=${hook.secret === "" ? "" : sign("sha1")}`,
    "x-hub-signature-256": `sha256=${hook.secret === "" ? "" : sign("sha256")}`,
    "x-github-delivery": delivery,
    "x-github-event": event,
    "x-github-event-type": event,
    "user-agent": "Skiff",
    ...(hook.authorizationHeader === "" ? {} : { authorization: hook.authorizationHeader }),
  };
  try {
    const status = await post(new URL(hook.url), { headers, body, signal, ...(ca === undefined ? {} : { ca }) });
    return status >= 200 && status < 300 ? undefined : `HTTP ${status}`;
  } catch (error) {
    return errorText(error);
  }
}

type Change = PushEvent["refs"][number];

/** A new or deleted branch or tag has an event of its own; a new one is a push as well. */
function eventsOf({ ref, before, after }: Change): string[] {
  if (!/^refs\/(heads|tags)\//.test(ref)) return [];
  if (after === undefined) return ["delete"];
  return before === undefined ? ["create", "push"] : ["push"];
}

function wants(hook: Hook, event: string, ref: string): boolean {
  const branch = /^refs\/heads\/(.+)$/.exec(ref)?.[1];
  const matches =
    branch === undefined ||
    hook.branchFilter === "" ||
    hook.branchFilter === "*" ||
    matchesGlob(branch, hook.branchFilter);
  return matches && hook.events.includes(event);
}

async function payloadOf(
  services: { repositories: Repositories; accounts: Accounts; baseUrl: string },
  options: { repository: Repository; kind: string; change: Change; pusher: string },
): Promise<Shape> {
  const { repositories, accounts, baseUrl } = services;
  const { repository, kind, change, pusher } = options;
  const account = accounts.user(pusher);
  const sender = userShape({ baseUrl, login: pusher, account });
  const identity = account === undefined ? undefined : { account };
  const admin = ownsFor(accounts, identity, repository.owner);
  const shape = await repositoryShape(services, repository, { admin, push: admin, pull: true });
  const refType = change.ref.startsWith("refs/tags/") ? "tag" : "branch";
  const shortRef = change.ref.replace(/^refs\/(heads|tags)\//, "");
  if (kind === "create")
    return { sha: change.after ?? "", ref: shortRef, ref_type: refType, repository: shape, sender };
  if (kind === "delete") return { ref: shortRef, ref_type: refType, pusher_type: "user", repository: shape, sender };

  const before = change.before ?? noCommit;
  const after = change.after ?? noCommit;
  const tip = (await repositories.reader(repository).info(`${after}^{commit}`))?.oid;
  const known =
    before === noCommit ? undefined : (await repositories.reader(repository).info(`${before}^{commit}`))?.oid;
  const range = { skip: 0, limit: payloadCommitsMax, ...(known === undefined ? {} : { not: known }) };
  const { commits, total } =
    tip === undefined || refType === "tag"
      ? { commits: [], total: 0 }
      : await listCommits(repositories, repository, { commit: tip, ...range });
  const files = await changedFiles(
    repositories,
    repository,
    commits.map(({ oid }) => oid),
  );
  const shapes = commits.map((commit) =>
    payloadCommit({ baseUrl, repository, commit, files: files.get(commit.oid) ?? [] }),
  );
  const head = tip === undefined ? undefined : await readCommit(repositories, repository, tip);
  return {
    ref: change.ref,
    before,
    after,
    compare_url: `${baseUrl}/${repository.owner}/${repository.name}/compare/${before}...${after}`,
    commits: shapes,
    total_commits: total,
    head_commit:
      shapes[0] ?? (head === undefined ? null : payloadCommit({ baseUrl, repository, commit: head, files: [] })),
    repository: shape,
    pusher: sender,
    sender,
  };
}
