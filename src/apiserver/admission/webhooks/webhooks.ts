import { randomUUID } from "node:crypto";
import {
  badRequest,
  cloneJson,
  deepEqual,
  type Fields,
  internalError,
  isStatusError,
  type KubeObject,
  quoteGo,
} from "../../../apimachinery/index.ts";
import type { ApiResource } from "../../resource.ts";
import type { Server } from "../../server.ts";
import { type Admission, type Attempt, refused } from "../admit.ts";
import { type ReadConfigurations, type Webhook, type WebhookKind, webhooksOf } from "./configuration.ts";
import { answerBytesMax, CallError, type Caller, NothingRunsError } from "./connect.ts";
import { type Invocation, invocationOf, isExempt } from "./match.ts";
import { patchedObject } from "./patched.ts";
import { admissionRequest, denial, readVerdict, reviewRequest, type Verdict, type View } from "./review.ts";
import { createSkipRecorder } from "./skips.ts";
import { takeView, viewOf } from "./view.ts";

const userAgent = "kube-apiserver-admission";

/**
 * Evaluates the conditions of a webhook.
 *
 * @returns whether all are true
 * @throws {Error} whose message says what went wrong
 */
export type MatchConditions = (
  server: Server,
  webhook: Webhook,
  input: { attempt: Attempt; request: Fields; view: View },
) => boolean;

/** Asks the webhooks that configurations in the cluster name. */
export function createWebhooks(options: { caller: Caller; conditions: MatchConditions }): Admission {
  const known: ReadConfigurations = new WeakMap();
  const rounds = new WeakMap<Attempt, Rounds>();
  const context: Context = { ...options, skipped: createSkipRecorder() };
  const hooks = (server: Server, attempt: Attempt, kind: WebhookKind) =>
    isExempt(attempt) ? [] : webhooksOf(server, kind, known);
  return {
    mutate(server, attempt) {
      const all = hooks(server, attempt, "MutatingWebhookConfiguration");
      if (all.length === 0) return;
      const mine = rounds.get(attempt) ?? { asked: new Set(), again: new Set(), output: undefined };
      rounds.set(attempt, mine);
      return mutate(context, server, attempt, all, mine);
    },
    validate(server, attempt) {
      const all = hooks(server, attempt, "ValidatingWebhookConfiguration");
      if (all.length > 0) return validate(context, server, attempt, all);
    },
  };
}

type Context = { caller: Caller; conditions: MatchConditions; skipped: ReturnType<typeof createSkipRecorder> };

/** Which webhooks of one write have been asked, and are to be asked again; and what the last one has left behind. */
type Rounds = { asked: Set<string>; again: Set<string>; output: KubeObject | undefined };

async function mutate(
  context: Context,
  server: Server,
  attempt: Attempt,
  webhooks: readonly Webhook[],
  rounds: Rounds,
): Promise<void> {
  const second = attempt.again === "running";
  if (second && !deepEqual(rounds.output, attempt.object)) askAgain(rounds);
  for (const [index, webhook] of webhooks.entries()) {
    const invocation = invocationOf(server, webhook, attempt);
    if (invocation === undefined) continue;
    const view = await viewOf(attempt, invocation.resource);
    hideUnmade(attempt, view);
    if (!conditionsHold(context, server, attempt, invocation, view)) continue;
    if (second && !rounds.again.has(webhook.id)) continue;
    const changed = await mutateOnce(context, server, attempt, { invocation, view, index });
    if (changed) {
      askAgain(rounds);
      if (!second) attempt.again = "wanted";
    }
    if (webhook.reinvoked) rounds.asked.add(webhook.id);
  }
  if (attempt.again === "wanted") rounds.output = attempt.object && cloneJson(attempt.object);
}

function askAgain(rounds: Rounds): void {
  for (const id of rounds.asked) rounds.again.add(id);
  rounds.asked.clear();
}

/** What only the server gives an object is not there before plug-ins have agreed. */
function hideUnmade({ operation, name }: Attempt, { object }: View): void {
  if (operation !== "CREATE" || object === undefined) return;
  const { uid: _uid, creationTimestamp: _at, ...metadata } = object.metadata;
  if (name === "") delete metadata.name;
  object.metadata = metadata;
}

async function mutateOnce(
  context: Context,
  server: Server,
  attempt: Attempt,
  { invocation, view, index }: { invocation: Invocation; view: View; index: number },
): Promise<boolean> {
  const { webhook, resource } = invocation;
  const round = `round_${attempt.again === "running" ? 1 : 0}_index_${index}`;
  const prefix = "mutation.webhook.admission.k8s.io/";
  let changed = false;
  try {
    const verdict = await ask(context, server, attempt, invocation, view, true);
    if (verdict === undefined) return false;
    if (verdict === "failed") {
      attempt.annotations[`failed-open.${prefix}${round}`] = webhook.name;
      return false;
    }
    if (verdict.patch.length === 0) return false;
    const { object } = view;
    if (object === undefined) {
      const what = "attempted to modify the object, which is not supported for this operation";
      throw internalError(`admission webhook ${quoteGo(webhook.name)} ${what}`);
    }
    const patched = patchedObject(attempt, resource, object, verdict.patch);
    changed = !deepEqual(contentOf(patched), contentOf(object));
    await takeView(attempt, resource, patched);
    return changed;
  } finally {
    const configuration = webhook.configuration.metadata.name;
    const value = JSON.stringify({ configuration, webhook: webhook.name, mutated: changed });
    attempt.annotations[`${prefix}${round}`] = value;
  }
}

/** What a webhook can change; the rest of the metadata is the server's. */
function contentOf({ metadata, ...content }: KubeObject): unknown {
  const { name, generateName, labels, annotations, finalizers, ownerReferences } = metadata;
  return { ...content, metadata: { name, generateName, labels, annotations, finalizers, ownerReferences } };
}

async function validate(
  context: Context,
  server: Server,
  attempt: Attempt,
  webhooks: readonly Webhook[],
): Promise<void> {
  const views = new Map<ApiResource, View>();
  const invocations: { invocation: Invocation; view: View }[] = [];
  for (const webhook of webhooks) {
    const invocation = invocationOf(server, webhook, attempt);
    if (invocation === undefined) continue;
    const view = views.get(invocation.resource) ?? (await viewOf(attempt, invocation.resource));
    views.set(invocation.resource, view);
    if (conditionsHold(context, server, attempt, invocation, view)) invocations.push({ invocation, view });
  }
  const results = await Promise.allSettled(
    invocations.map(({ invocation, view }) => ask(context, server, attempt, invocation, view, false)),
  );
  for (const [index, result] of results.entries()) {
    if (result.status === "rejected") throw result.reason;
    if (result.value !== "failed") continue;
    const key = `failed-open.validating.webhook.admission.k8s.io/round_0_index_${index}`;
    attempt.annotations[key] = invocations[index]?.invocation.webhook.name ?? "";
  }
}

function conditionsHold(
  { conditions }: Context,
  server: Server,
  attempt: Attempt,
  { webhook, resource, kind }: Invocation,
  view: View,
): boolean {
  if (webhook.conditions.length === 0) return true;
  const request = admissionRequest(attempt, { resource, kind }, view, "");
  try {
    return conditions(server, webhook, { attempt, request, view });
  } catch (error) {
    // A webhook whose failure does not count is not asked when nobody knows whether it should be.
    if (webhook.ignoresFailure) return false;
    throw refused(attempt, error instanceof Error ? error.message : String(error));
  }
}

/**
 * Asks one webhook.
 *
 * @returns `undefined` when it is skipped, `failed` when it does not answer well and that does not count
 * @throws {StatusError} what it refuses, or `InternalError` when it does not answer well
 */
async function ask(
  { caller, skipped }: Context,
  server: Server,
  attempt: Attempt,
  invocation: Invocation,
  view: View,
  mutating: boolean,
): Promise<Verdict | "failed" | undefined> {
  const { webhook } = invocation;
  const { name, client, timeoutSeconds } = webhook;
  if (attempt.dryRun && !["None", "NoneOnDryRun"].includes(webhook.sideEffects))
    throw badRequest(`admission webhook ${quoteGo(name)} does not support dry run`);
  let verdict: Verdict;
  try {
    const sent = reviewRequest(attempt, invocation, view, randomUUID());
    const answer = await caller.post(client, sent, { timeoutSeconds, userAgent, answerBytesMax });
    verdict = readVerdict(answer, sent, mutating);
  } catch (error) {
    if (isStatusError(error)) throw error;
    if (error instanceof NothingRunsError) {
      attempt.warnings.push(`admission webhook ${quoteGo(name)} was not called: ${error.message}`);
      skipped(server, webhook, error.message);
      return undefined;
    }
    const why = error instanceof Error ? error.message : String(error);
    const reason = error instanceof CallError ? `failed to call webhook: ${why}` : why;
    const text = `failed calling webhook ${quoteGo(name)}: ${reason}`;
    if (!webhook.ignoresFailure) throw internalError(text);
    server.log.warn("A webhook failed, which its configuration says to ignore", { webhook: name, why: reason });
    return "failed";
  }
  for (const [key, value] of Object.entries(verdict.auditAnnotations)) attempt.annotations[`${name}/${key}`] = value;
  attempt.warnings.push(...verdict.warnings);
  if (!verdict.allowed) throw denial(name, verdict.status);
  return verdict;
}
