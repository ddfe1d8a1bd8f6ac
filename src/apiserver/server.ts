import type { Handler, Log } from "../lib/index.ts";
import type { Store } from "../storage/index.ts";
import type { Authenticator } from "./access/authenticate.ts";
import type { Authorizer } from "./access/authorize.ts";
import type { ServiceAccountIssuer } from "./access/service-account-issuer.ts";
import type { AdmissionChain } from "./admission/admit.ts";
import type { Audit } from "./audit/trail.ts";
import type { Flows } from "./flow-control/flows.ts";
import type { Bodies } from "./http/bodies.ts";
import type { Fairness } from "./http/fairness.ts";
import type { ServerMetrics } from "./metrics/server-metrics.ts";
import type { Frames } from "./read/present.ts";
import type { Watches } from "./read/watches.ts";
import type { Registry } from "./registry.ts";
import type { Keys, ParseCache } from "./stored.ts";
import type { Writer } from "./write/writer.ts";

/** What the steps of a request share: the parts of one API server of one cluster. */
export type Server = {
  readonly cluster: string;
  readonly store: Store;
  readonly keys: Keys;
  readonly writer: Writer;
  readonly parsed: ParseCache;
  readonly registry: Registry;
  readonly authorizer: Authorizer;
  readonly authenticator: Authenticator;
  /** Signs the tokens of ServiceAccounts. */
  readonly issuer: ServiceAccountIssuer;
  readonly admission: AdmissionChain;
  /** Looks at connections to what runs: exec, attach, proxies. */
  readonly connecting: AdmissionChain;
  /** Absent when nothing is written down. */
  readonly audit: Audit | undefined;
  /** What the bodies of requests hold, those of all clusters together. */
  readonly bodies: Bodies;
  /** Gives callers inside the process their turns. */
  readonly fairness: Fairness;
  /** Tells requests from the network which FlowSchema they belong to. */
  readonly flows: Flows;
  /** Encoded watch events, shared by all watchers. */
  readonly frames: Frames;
  /** Watches that are open, by the resource they are of; called to end them. */
  readonly watches: Watches;
  /** Whether controllers and a scheduler work on this cluster. */
  readonly hasControllers: boolean;
  /** Absent in clusters whose figures nobody reads. */
  readonly metrics: ServerMetrics | undefined;
  /** Further paths, each for whom a non-resource rule lets use it. */
  readonly endpoints: ReadonlyMap<string, Handler>;
  readonly log: Log;
  now(): Date;
  /** A number in [0, 1). */
  random(): number;
  newUid(): string;
};

let lastSecond = Number.NaN;
let lastText = "";

/** The time as Kubernetes writes it: RFC 3339 in seconds. */
export function timestamp(date: Date): string {
  // Each write asks several times, thousands within one second.
  const second = Math.floor(date.getTime() / 1000);
  if (second !== lastSecond) {
    lastText = `${date.toISOString().slice(0, 19)}Z`;
    lastSecond = second;
  }
  return lastText;
}
