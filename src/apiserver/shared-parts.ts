import type { KubeObject } from "../apimachinery/index.ts";
import { withPolicyRules } from "./admission/policies/policy-rules.ts";
import { withConditionRules } from "./admission/webhooks/match-conditions.ts";
import { builtinApiResources } from "./builtin.ts";
import { type Catalog, createCatalog } from "./catalog.ts";
import { withDefinitionRules } from "./crd/admission.ts";
import { createDiscovery, type Discovery } from "./discovery/discovery.ts";
import type { VersionInfo } from "./discovery/version.ts";
import { Bodies } from "./http/bodies.ts";
import { Fairness } from "./http/fairness.ts";
import { createOpenApiV2, type OpenApiV2 } from "./openapi/v2.ts";
import { createOpenApiV3, type OpenApiV3 } from "./openapi/v3.ts";
import { createFrames, type Frames } from "./read/present.ts";
import type { ApiResource } from "./resource.ts";
import { createParseCache, type ParseCache } from "./stored.ts";

/** What the API servers of all clusters in one process can use together, so that a further cluster costs only what is its own. */
export type SharedParts = {
  readonly version: VersionInfo;
  readonly builtin: readonly ApiResource[];
  /** What a cluster without CRDs serves. */
  readonly catalog: Catalog;
  readonly parsed: ParseCache;
  readonly bodies: Bodies;
  readonly fairness: Fairness;
  readonly frames: Frames;
  readonly discovery: Discovery;
  readonly v2: OpenApiV2;
  readonly v3: OpenApiV3;
  /** What the first cluster's system objects became, by key without the cluster: later ones copy it. */
  readonly systemObjects: Map<string, Readonly<KubeObject>>;
};

export function createSharedParts(version: VersionInfo): SharedParts {
  const builtin = builtinApiResources().map(withDefinitionRules).map(withConditionRules).map(withPolicyRules);
  return {
    version,
    builtin,
    catalog: createCatalog(builtin, []),
    parsed: createParseCache(),
    bodies: new Bodies(),
    fairness: new Fairness(),
    frames: createFrames(),
    discovery: createDiscovery(),
    v2: createOpenApiV2(version),
    v3: createOpenApiV3(version),
    systemObjects: new Map(),
  };
}
