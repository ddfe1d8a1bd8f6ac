import { splitImage } from "./images.ts";
import type { Kustomization, Label, Patch } from "./kustomization.ts";
import { KustomizeError } from "./kustomize-error.ts";

/** `spec.source.kustomize` of an Application, as far as it changes the result. */
export type ArgoKustomizeOptions = {
  readonly namePrefix?: string;
  readonly nameSuffix?: string;
  readonly namespace?: string;
  /** `name=newname:tag@digest`, each part but the name or the rest may be missing; `*` keeps what the file says. */
  readonly images?: readonly string[];
  readonly replicas?: readonly { readonly name: string; readonly count: number | string }[];
  readonly commonLabels?: Readonly<Record<string, string>>;
  readonly commonAnnotations?: Readonly<Record<string, string>>;
  readonly commonAnnotationsEnvsubst?: boolean;
  readonly forceCommonLabels?: boolean;
  readonly forceCommonAnnotations?: boolean;
  readonly labelWithoutSelector?: boolean;
  readonly labelIncludeTemplates?: boolean;
  readonly components?: readonly string[];
  readonly ignoreMissingComponents?: boolean;
  readonly patches?: readonly Patch[];
};

/** Puts the values of the build environment in where Argo CD does: in images, labels, and if asked for in annotations. */
export function substituteArgoOptions(
  options: ArgoKustomizeOptions,
  substitute: (text: string) => string,
): ArgoKustomizeOptions {
  const inValues = (texts: Readonly<Record<string, string>>): Record<string, string> =>
    Object.fromEntries(Object.entries(texts).map(([key, text]) => [key, substitute(text)]));
  const { images, commonLabels, commonAnnotations, commonAnnotationsEnvsubst } = options;
  return {
    ...options,
    ...(images !== undefined && { images: images.map(substitute) }),
    ...(commonLabels !== undefined && { commonLabels: inValues(commonLabels) }),
    ...(commonAnnotations !== undefined &&
      commonAnnotationsEnvsubst === true && { commonAnnotations: inValues(commonAnnotations) }),
  };
}

/**
 * Changes a kustomization as the `kustomize edit` commands do that Argo CD runs before it builds.
 *
 * @param components those of the options that exist, or all of them
 * @throws {KustomizeError}
 */
export function editKustomization(
  kustomization: Kustomization,
  options: ArgoKustomizeOptions,
  components: readonly string[],
): void {
  if (options.namePrefix) kustomization.namePrefix = options.namePrefix;
  if (options.nameSuffix) kustomization.nameSuffix = options.nameSuffix;
  if (options.images !== undefined && options.images.length > 0) setImages(kustomization, options.images);
  if (options.replicas !== undefined && options.replicas.length > 0) setReplicas(kustomization, options.replicas);
  if (hasEntries(options.commonLabels)) addLabels(kustomization, options.commonLabels, options);
  if (hasEntries(options.commonAnnotations)) {
    const annotations = kustomization.commonAnnotations ?? {};
    kustomization.commonAnnotations = annotations;
    addEntries(annotations, options.commonAnnotations, "annotation", options.forceCommonAnnotations === true);
  }
  if (options.namespace) kustomization.namespace = options.namespace;
  if (options.patches !== undefined && options.patches.length > 0) {
    kustomization.patches = [...(kustomization.patches ?? []), ...options.patches];
  }
  if (components.length > 0) {
    const known = kustomization.components ?? [];
    kustomization.components = [...known, ...components.filter((path) => !known.includes(path))];
  }
}

function hasEntries(texts: Readonly<Record<string, string>> | undefined): texts is Readonly<Record<string, string>> {
  return texts !== undefined && Object.keys(texts).length > 0;
}

type EditedImage = { name: string; newName: string; newTag: string; digest: string };

function setImages(kustomization: Kustomization, texts: readonly string[]): void {
  const edited = new Map(texts.map(parseImage).map((image): [string, EditedImage] => [image.name, image]));
  const others = [];
  const old = new Map<string, EditedImage>();
  for (const image of kustomization.images ?? []) {
    const { name = "", newName = "", newTag = "", digest = "" } = image;
    if (edited.has(name)) old.set(name, { name, newName, newTag, digest });
    else others.push(image);
  }
  const kept = [...edited.values()].map(({ name, ...image }) => {
    const before = old.get(name);
    const choose = (field: "newName" | "newTag" | "digest"): object => {
      const value = image[field] === keepMark ? (before?.[field] ?? "") : image[field];
      return value === "" ? {} : { [field]: value };
    };
    return { name, ...choose("newName"), ...choose("newTag"), ...choose("digest") };
  });
  const byName = new Map([...others, ...kept].map((image) => [image.name ?? "", image]));
  kustomization.images = [...byName.keys()].sort().flatMap((name) => byName.get(name) ?? []);
}

/** Keeps what the kustomization says. */
const keepMark = "*";

function parseImage(argument: string): EditedImage {
  const equals = argument.indexOf("=");
  const { name, tag, digest } = splitImage(argument.slice(equals + 1));
  if (name === argument) {
    throw new KustomizeError(
      "invalid format of image, use one of the following options:\n- <image>=<newimage>:<newtag>\n- <image>=<newimage>@<digest>\n- <image>=<newimage>\n- <image>:<newtag>\n- <image>@<digest>",
    );
  }
  if (equals < 0) return { name, newName: "", newTag: tag, digest };
  return { name: argument.slice(0, equals), newName: name, newTag: tag, digest };
}

function setReplicas(kustomization: Kustomization, replicas: NonNullable<ArgoKustomizeOptions["replicas"]>): void {
  const byName = new Map((kustomization.replicas ?? []).map((replica) => [replica.name ?? "", replica]));
  for (const { name, count } of replicas) {
    const number = typeof count === "number" ? count : /^[-+]?\d+$/.test(count) ? Number(count) : Number.NaN;
    if (!Number.isSafeInteger(number)) {
      throw new KustomizeError(`expected integer value for count. Received: ${count}`);
    }
    byName.set(name, { name, count: number });
  }
  kustomization.replicas = [...byName.keys()].sort().flatMap((name) => byName.get(name) ?? []);
}

function addLabels(
  kustomization: Kustomization,
  labels: Readonly<Record<string, string>>,
  options: ArgoKustomizeOptions,
): void {
  const { forceCommonLabels = false, labelWithoutSelector = false, labelIncludeTemplates = false } = options;
  if (!labelWithoutSelector) {
    if (labelIncludeTemplates) {
      throw new KustomizeError("--without-selector flag must be specified for --include-templates to work");
    }
    const common = kustomization.commonLabels ?? {};
    kustomization.commonLabels = common;
    addEntries(common, labels, "label", forceCommonLabels);
    return;
  }
  const known = kustomization.labels ?? [];
  kustomization.labels = known;
  const isAlike = (label: Label): boolean =>
    label.includeSelectors !== true && (label.includeTemplates === true) === labelIncludeTemplates;
  let entry = known.find(isAlike);
  if (entry === undefined) {
    entry = { pairs: {}, ...(labelIncludeTemplates && { includeTemplates: true }) };
    known.push(entry);
  }
  const pairs = entry.pairs ?? {};
  entry.pairs = pairs;
  addEntries(pairs, labels, "label", forceCommonLabels);
}

function addEntries(
  entries: Record<string, string>,
  added: Readonly<Record<string, string>>,
  kind: string,
  isForced: boolean,
): void {
  for (const [key, value] of Object.entries(added)) {
    if (Object.hasOwn(entries, key) && !isForced) {
      throw new KustomizeError(`${kind} ${key} already in kustomization file. Use --force to override.`);
    }
    entries[key] = value;
  }
}
