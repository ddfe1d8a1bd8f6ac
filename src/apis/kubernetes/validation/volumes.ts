import {
  duplicateValue,
  type Fields,
  forbiddenValue,
  invalidValue,
  isFields,
  parseQuantity,
  requiredValue,
  textAt,
  tooLong,
  validateConfigKey,
  validateLabel,
  validateSubdomain,
} from "../../../apimachinery/index.ts";
import { validateFieldReference, validateResourceReference, volumeFields } from "./containers.ts";
import { type Causes, choice, eachItem, required, requiredName, validateInnerPath } from "./values.ts";

/** The volumes of a pod. @param path of the pod's spec */
export function validateVolumes(path: string, spec: Fields): Causes {
  const names = new Set<string>();
  return eachItem(spec, path, "volumes", (volume, at) => {
    const name = textAt(volume, "name");
    const causes = validateSources(at, volume, ["name"]);
    const wrong = causes.length > 0;
    causes.push(...requiredName(`${at}.name`, name, validateLabel));
    if (name !== "" && names.has(name)) causes.push(duplicateValue(`${at}.name`, name));
    // A wrong one does not count.
    if (!wrong) names.add(name);
    return causes;
  });
}

/** Exactly one kind of source, and that one complete. @param others fields beside the sources */
export function validateSources(path: string, volume: Fields, others: readonly string[]): Causes {
  const given = Object.keys(volume).filter((field) => !others.includes(field) && isFields(volume[field]));
  const [first, ...more] = given;
  if (first === undefined) return [requiredValue(path, "must specify a volume type")];
  const causes = more.map((field) => forbiddenValue(`${path}.${field}`, "may not specify more than 1 volume type"));
  const source = volume[first];
  return isFields(source) ? [...causes, ...(sources[first]?.(`${path}.${first}`, source) ?? [])] : causes;
}

/** Fields that a source must have, for those with no further rules. */
const simple =
  (...fields: string[]) =>
  (path: string, source: Fields): Causes =>
    fields.flatMap((field) => required(`${path}.${field}`, source[field]));

const mode = (path: string, source: Fields, field: string): Causes => {
  const value = source[field];
  const isMode = typeof value !== "number" || (value >= 0 && value <= 0o777);
  return isMode
    ? []
    : [invalidValue(`${path}.${field}`, value, "must be a number between 0 and 0777 (octal), both inclusive")];
};

const driverLengthMax = 63;

/** The name of a CSI driver. */
export function validateDriverName(field: string, driver: string): Causes {
  return [
    ...required(field, driver),
    ...(driver.length > driverLengthMax ? [tooLong(field, driverLengthMax)] : []),
    ...validateSubdomain(driver.toLowerCase()).map((problem) => invalidValue(field, driver, problem)),
  ];
}

const sources: Record<string, (path: string, source: Fields) => Causes> = {
  awsElasticBlockStore: simple("volumeID"),
  azureFile: simple("secretName", "shareName"),
  cephfs: simple("monitors"),
  cinder: simple("volumeID"),
  configMap: (path, source) => [
    ...required(`${path}.name`, source["name"]),
    ...mode(path, source, "defaultMode"),
    ...validateItems(path, source),
  ],
  csi: (path, source) => validateDriverName(`${path}.driver`, textAt(source, "driver")),
  downwardAPI: (path, source) => [...mode(path, source, "defaultMode"), ...validateFiles(path, source)],
  emptyDir: (path, source) => {
    const limit = textAt(source, "sizeLimit");
    if (limit === "" || parseQuantity(limit).nanos >= 0n) return [];
    return [forbiddenValue(`${path}.sizeLimit`, "SizeLimit field must be a valid resource quantity")];
  },
  ephemeral: simple("volumeClaimTemplate"),
  gcePersistentDisk: simple("pdName"),
  glusterfs: simple("endpoints", "path"),
  hostPath: (path, source) => {
    const place = textAt(source, "path");
    const types = ["", "BlockDevice", "CharDevice", "Directory", "DirectoryOrCreate", "File", "FileOrCreate", "Socket"];
    const causes = required(`${path}.path`, place);
    if (place.split("/").includes("..")) causes.push(invalidValue(`${path}.path`, place, "must not contain '..'"));
    return [...causes, ...choice(`${path}.type`, source["type"], types)];
  },
  image: simple("reference"),
  iscsi: simple("targetPortal", "iqn"),
  local: simple("path"),
  nfs: (path, source) => {
    const causes = simple("server", "path")(path, source);
    const place = textAt(source, "path");
    if (place !== "" && !place.startsWith("/"))
      causes.push(invalidValue(`${path}.path`, place, "must be an absolute path"));
    return causes;
  },
  persistentVolumeClaim: simple("claimName"),
  projected: (path, source) => [
    ...mode(path, source, "defaultMode"),
    ...eachItem(source, path, "sources", (one, at) => {
      const given = Object.keys(one).filter((field) => isFields(one[field]));
      const [first, ...more] = given;
      if (first === undefined) return [];
      const causes: Causes = [];
      if (more.length > 0) causes.push(forbiddenValue(at, "may not specify more than 1 volume type per source"));
      const inner = one[first];
      if (!isFields(inner)) return causes;
      if (first === "configMap" || first === "secret")
        causes.push(...required(`${at}.${first}.name`, inner["name"]), ...validateItems(`${at}.${first}`, inner));
      if (first === "downwardAPI") causes.push(...validateFiles(`${at}.${first}`, inner));
      if (first === "serviceAccountToken") {
        const seconds = inner["expirationSeconds"];
        if (typeof seconds === "number" && seconds < 600)
          causes.push(
            invalidValue(
              `${at}.${first}.expirationSeconds`,
              seconds,
              "may not specify a duration less than 10 minutes",
            ),
          );
        causes.push(...required(`${path}.path`, inner["path"]));
      }
      return causes;
    }),
  ],
  rbd: simple("monitors", "image"),
  secret: (path, source) => [
    ...required(`${path}.secretName`, source["secretName"]),
    ...mode(path, source, "defaultMode"),
    ...validateItems(path, source),
  ],
};

/** Keys of a ConfigMap or Secret and the files they become. */
function validateItems(path: string, source: Fields): Causes {
  return eachItem(source, path, "items", (item, at) => [
    ...requiredName(`${at}.key`, textAt(item, "key"), validateConfigKey),
    ...required(`${at}.path`, item["path"]),
    ...validateInnerPath(`${at}.path`, textAt(item, "path")),
    ...mode(at, item, "mode"),
  ]);
}

/** Files of the pod's own fields. Of one that has nothing Kubernetes names the volume alone. */
function validateFiles(path: string, source: Fields): Causes {
  return eachItem(source, path, "items", (item, at) => {
    const causes = [...required(`${at}.path`, item["path"]), ...validateInnerPath(`${at}.path`, textAt(item, "path"))];
    const { fieldRef, resourceFieldRef } = item;
    if (isFields(fieldRef)) {
      if (isFields(resourceFieldRef))
        causes.push(invalidValue(at, "resource", "fieldRef and resourceFieldRef can not be specified simultaneously"));
      causes.push(...validateFieldReference(`${at}.fieldRef`, fieldRef, volumeFields));
    } else if (isFields(resourceFieldRef)) {
      causes.push(
        ...required(`${at}.resourceFieldRef.containerName`, resourceFieldRef["containerName"]),
        ...validateResourceReference(`${at}.resourceFieldRef`, resourceFieldRef),
      );
    } else causes.push(requiredValue(path, "one of fieldRef and resourceFieldRef is required"));
    return [...causes, ...mode(at, item, "mode")];
  });
}
