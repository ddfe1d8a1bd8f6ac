import { type KubeObject, numberAt, textAt } from "../../apimachinery/index.ts";
import type { Store } from "../../storage/index.ts";
import type { Attributes } from "../access/authorize.ts";
import { flowSchemasName, priorityLevelsName } from "../defaults/flow-control.ts";
import type { Sample } from "../metrics/registry.ts";
import type { Keys, ParseCache } from "../stored.ts";
import { type Matcher, matcherOf } from "./match.ts";

/** Headers that name the FlowSchema a request belongs to and its priority level, by their uids. */
export type FlowHeaders = {
  "x-kubernetes-pf-flowschema-uid": string;
  "x-kubernetes-pf-prioritylevel-uid": string;
};

/** Sorts requests as API priority and fairness does. Nobody is held back by it: requests of one process take turns anyway. */
export type Flows = Disposable & {
  /** @returns `undefined` only before the cluster has its FlowSchemas */
  headersOf(attributes: Attributes): FlowHeaders | undefined;
  /** Seats that the configuration gives each priority level, for the metric of that name. */
  nominalSeats(): Sample[];
};

/** `--max-requests-inflight` and `--max-mutating-requests-inflight` of kube-apiserver, which the levels share by default. */
const seatsMax = 600;

type Flow = { matches: Matcher; headers: FlowHeaders };

/** Reads FlowSchemas when the first request asks, and again after somebody has changed them. */
export function createFlows({ store, keys, parsed }: { store: Store; keys: Keys; parsed: ParseCache }): Flows {
  const prefixes = [flowSchemasName, priorityLevelsName].map((name) => keys.prefix(name, ""));
  let flows: readonly Flow[] | undefined;
  let watches: Disposable[] = [];
  const objects = (name: string) => store.range(keys.prefix(name, "")).entries.map(({ value }) => parsed(value));
  const read = () => {
    if (watches.length === 0) {
      watches = prefixes.map((prefix) =>
        store.watch(prefix, store.revision, () => {
          flows = undefined;
        }),
      );
    }
    const levels = new Map(
      objects(priorityLevelsName).map(({ metadata }) => [metadata.name ?? "", metadata.uid ?? ""]),
    );
    return inOrder(objects(flowSchemasName)).flatMap((schema): Flow[] => {
      const level = levels.get(textAt(schema, "spec", "priorityLevelConfiguration", "name"));
      if (level === undefined) return [];
      const { uid = "" } = schema.metadata;
      const headers = { "x-kubernetes-pf-flowschema-uid": uid, "x-kubernetes-pf-prioritylevel-uid": level };
      return [{ matches: matcherOf(schema), headers }];
    });
  };
  return {
    headersOf(attributes) {
      flows ??= read();
      return flows.find(({ matches }) => matches(attributes))?.headers;
    },
    nominalSeats() {
      const levels = objects(priorityLevelsName).map((level) => ({ level, shares: sharesOf(level) }));
      const total = levels.reduce((sum, { shares }) => sum + shares, 0);
      return levels.map(({ level, shares }) => ({
        labels: { priority_level: level.metadata.name ?? "" },
        value: total === 0 ? 0 : Math.ceil((seatsMax * shares) / total),
      }));
    },
    [Symbol.dispose]() {
      for (const watch of watches) watch[Symbol.dispose]();
    },
  };
}

/** The first that matches counts: those of low precedence first, then by name. */
function inOrder(schemas: readonly KubeObject[]): KubeObject[] {
  const precedence = (schema: KubeObject) => numberAt(schema, ["spec", "matchingPrecedence"]);
  const nameOf = ({ metadata: { name = "" } }: KubeObject) => name;
  return schemas.toSorted(
    (left, right) => precedence(left) - precedence(right) || (nameOf(left) < nameOf(right) ? -1 : 1),
  );
}

function sharesOf(level: KubeObject): number {
  const kind = textAt(level, "spec", "type") === "Exempt" ? "exempt" : "limited";
  return numberAt(level, ["spec", kind, "nominalConcurrencyShares"]);
}
