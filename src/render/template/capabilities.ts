import { type GoType, stringType } from "./go-types.ts";
import { fn, type GoFunction, object, string } from "./signature.ts";
import { GoObject, GoStruct, newMap, type Value } from "./values.ts";

/** What a chart may ask of the cluster and of Helm. Versions begin with `v`. */
export type CapabilitiesInput = {
  /** As in `v1.34.4-gke.100`, with `major` and `minor` as they are in it. */
  readonly kubeVersion: string;
  /** As in `apps/v1`, and also `apps/v1/Deployment` when they were asked of a cluster. */
  readonly apiVersions: readonly string[];
  readonly helmVersion: string;
  readonly goVersion?: string;
  readonly gitCommit?: string;
  readonly gitTreeState?: string;
  readonly kubeClientVersion?: string;
};

/** `.Capabilities` */
export function createCapabilities(input: CapabilitiesInput): Value {
  return new GoStruct(capabilitiesType, {
    KubeVersion: new KubeVersion(input.kubeVersion),
    APIVersions: new VersionSet(input.apiVersions),
    HelmVersion: new BuildInfo(buildInfoType, {
      Version: input.helmVersion,
      GitCommit: input.gitCommit ?? "",
      GitTreeState: input.gitTreeState ?? "",
      GoVersion: input.goVersion ?? "",
      KubeClientVersion: input.kubeClientVersion ?? "",
    }),
  });
}

const capabilitiesType: GoType = { name: "*common.Capabilities", kind: "ptr" };
const kubeVersionType: GoType = { name: "common.KubeVersion", kind: "struct" };
const versionSetType: GoType = { name: "common.VersionSet", kind: "slice", element: stringType };
const buildInfoType: GoType = { name: "version.BuildInfo", kind: "struct" };

class BuildInfo extends GoStruct {
  override toData(): Value {
    const data = newMap();
    for (const [name, value] of this.fields()) {
      const key = name.replace(/[A-Z]/g, (letter, at) => (at === 0 ? "" : "_") + letter.toLowerCase());
      if (value !== "" || name === "KubeClientVersion") data[key] = value;
    }
    return data;
  }
}

class KubeVersion extends GoObject {
  readonly type = kubeVersionType;
  readonly #version: string;
  readonly #normalized: string;

  constructor(version: string) {
    super();
    const [, numbers = "0.0"] = /^\s*v?(\d+(?:\.\d+)*)/.exec(version) ?? [];
    this.#version = version.startsWith("v") ? version : `v${version}`;
    this.#normalized = `v${numbers.split(".").map(BigInt).join(".")}`;
  }

  override fields(): readonly (readonly [string, Value])[] {
    const [major = "", minor = ""] = this.#normalized.slice(1).split(".");
    return [
      ["Version", this.#version],
      ["normalizedVersion", this.#normalized],
      ["Major", major],
      ["Minor", minor],
    ];
  }

  /** `String` is a method of the pointer, so functions, which get the struct, do not see it. */
  override output(): string {
    return this.#normalized;
  }

  override method(name: string): GoFunction | undefined {
    if (name === "String") return fn([kubeVersion], (self) => self.output());
    return name === "GitVersion" ? fn([kubeVersion], (self) => self.#version) : undefined;
  }
}

const kubeVersion = object(kubeVersionType, (value) => value instanceof KubeVersion);

class VersionSet extends GoObject {
  readonly type = versionSetType;
  readonly #versions: readonly string[];
  readonly #known: ReadonlySet<string>;

  constructor(versions: readonly string[]) {
    super();
    this.#versions = versions;
    this.#known = new Set(versions);
  }

  override method(name: string): GoFunction | undefined {
    return name === "Has" ? has : undefined;
  }

  has(version: string): boolean {
    return this.#known.has(version);
  }

  override items(): readonly Value[] {
    return [...this.#versions];
  }

  override toData(): Value {
    return [...this.#versions];
  }
}

const versionSet = object(versionSetType, (value) => value instanceof VersionSet);
const has = fn([versionSet, string], (self, version) => self.has(version));
