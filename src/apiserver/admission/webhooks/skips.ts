import { errorText } from "../../../lib/index.ts";
import { type Server, timestamp } from "../../server.ts";
import { createObject, type Writing } from "../../write/create.ts";
import type { Webhook } from "./configuration.ts";

/** How long one event about a webhook stands for what follows: a busy cluster would fill with them otherwise. */
const quietMs = 10 * 60_000;
/** How many webhooks are remembered; no cluster has more. */
const rememberedMax = 1000;

/** Tells of webhooks that are not asked because nothing can answer. */
export type SkipRecorder = (server: Server, webhook: Webhook, why: string) => void;

/** Writes events about configurations, each webhook's at most once in ten minutes. */
export function createSkipRecorder(): SkipRecorder {
  const told = new Map<string, number>();
  return (server, webhook, why) => {
    const now = server.now().getTime();
    const last = told.get(webhook.id);
    if (last !== undefined && now - last < quietMs) return;
    told.delete(webhook.id);
    told.set(webhook.id, now);
    const oldest = told.size > rememberedMax ? told.keys().next().value : undefined;
    if (oldest !== undefined) told.delete(oldest);
    recordEvent(server, webhook, why).catch((error: unknown) => {
      server.log.debug("Cannot record an event", { webhook: webhook.name, why: errorText(error) });
    });
  };
}

async function recordEvent(server: Server, { name, configuration }: Webhook, why: string): Promise<void> {
  const resource = server.registry.catalog.find("", "v1", "events");
  if (resource === undefined) return;
  const { apiVersion, kind, metadata } = configuration;
  const at = timestamp(server.now());
  const suffix = (BigInt(server.now().getTime()) * 1_000_000n + BigInt(Math.floor(server.random() * 1e6))).toString(16);
  const event = {
    apiVersion: "v1",
    kind: "Event",
    metadata: { name: `${metadata.name}.${suffix}`, namespace: "default" },
    involvedObject: {
      apiVersion,
      kind,
      name: metadata.name,
      uid: metadata.uid,
      resourceVersion: metadata.resourceVersion,
    },
    type: "Warning",
    reason: "WebhookSkipped",
    message: `Webhook ${name} is not called: ${why}`,
    source: { component: "apiserver" },
    reportingComponent: "apiserver",
    reportingInstance: "",
    firstTimestamp: at,
    lastTimestamp: at,
    count: 1,
  };
  await createObject(server, resource, "default", event, writing);
}

/** Webhooks are not asked about the events that tell of them. */
const writing: Writing = {
  user: { name: "system:apiserver", groups: ["system:masters"] },
  dryRun: false,
  manager: "kube-apiserver",
  warnings: [],
  admitted: true,
};
