import {
  compareQuantities,
  deepEqual,
  type Fields,
  fieldsAt,
  forbiddenValue,
  invalidValue,
  isFields,
  listAt,
  parseQuantity,
  requiredValue,
  textAt,
  unsupportedValue,
  validateQualifiedName,
  validateSubdomain,
} from "../../../apimachinery/index.ts";
import { isEmpty } from "../fields.ts";
import { validateNodeSelector } from "./pod.ts";
import {
  type Causes,
  choice,
  eachItem,
  immutable,
  named,
  pointedChoice,
  required,
  validateSelector,
} from "./values.ts";
import { validateDriverName, validateSources } from "./volumes.ts";

const accessModes = ["ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"];
const volumeModes = ["Block", "Filesystem"];

export function validateClaim(claim: Fields): Causes {
  const spec = fieldsAt(claim, "spec");
  const name = textAt(spec, "storageClassName");
  return [
    ...validateModes(spec, "at least 1 access mode is required"),
    ...validateSelector("spec.selector", spec["selector"]),
    ...validateStorage("spec.resources[storage]", fieldsAt(spec, "resources", "requests")["storage"]),
    ...(name === "" ? [] : named("spec.storageClassName", name, validateSubdomain)),
    ...pointedChoice("spec.volumeMode", spec["volumeMode"], volumeModes),
    ...["dataSource", "dataSourceRef"].flatMap((field) => validateDataSource(`spec.${field}`, spec[field])),
  ];
}

function validateDataSource(path: string, source: unknown): Causes {
  if (!isFields(source)) return [];
  const group = textAt(source, "apiGroup");
  const kind = textAt(source, "kind");
  const causes = [...required(`${path}.name`, source["name"]), ...required(`${path}.kind`, kind)];
  if (group !== "") return [...causes, ...named(`${path}.apiGroup`, group, validateSubdomain)];
  if (kind !== "PersistentVolumeClaim")
    causes.push(invalidValue(path, kind, "must be 'PersistentVolumeClaim' when referencing the default apiGroup"));
  return causes;
}

/** Once bound, a claim can only grow or change its attributes. */
export function validateClaimUpdate(claim: Fields, old: Fields): Causes {
  const spec = fieldsAt(claim, "spec");
  const before = fieldsAt(old, "spec");
  const bound = textAt(old, "status", "phase") === "Bound";
  const fixed = (one: Fields) => {
    const { volumeName, volumeAttributesClassName: _, resources, ...rest } = one;
    const { requests, ...otherResources } = isFields(resources) ? resources : {};
    const { storage: _storage, ...otherRequests } = isFields(requests) ? requests : {};
    // A controller binds the claim; what it writes stays.
    return {
      ...rest,
      volumeName: isEmpty(before["volumeName"]) ? "" : volumeName,
      resources: { ...otherResources, ...otherRequests },
    };
  };
  const [amount, amountBefore] = [
    textAt(spec, "resources", "requests", "storage"),
    textAt(before, "resources", "requests", "storage"),
  ];
  if (!deepEqual(fixed(spec), fixed(before)) || (!bound && amount !== amountBefore))
    return [
      forbiddenValue(
        "spec",
        "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims",
      ),
    ];
  const capacity = textAt(old, "status", "capacity", "storage");
  if (amount === "" || amountBefore === "") return [];
  const size = parseQuantity(amount);
  const shrinks = compareQuantities(size, parseQuantity(amountBefore)) < 0;
  if (!shrinks || (capacity !== "" && compareQuantities(size, parseQuantity(capacity)) >= 0)) return [];
  return [forbiddenValue("spec.resources.requests.storage", "field can not be less than status.capacity")];
}

/** Fields of a volume's spec that are objects and no source. */
const volumeFields = ["capacity", "claimRef", "nodeAffinity"];

export function validateVolume(volume: Fields): Causes {
  const spec = fieldsAt(volume, "spec");
  const capacity = fieldsAt(spec, "capacity");
  const selector = fieldsAt(spec, "nodeAffinity")["required"];
  const name = textAt(spec, "storageClassName");
  return [
    ...validateModes(spec, ""),
    ...validateCapacity(spec["capacity"], capacity),
    ...choice("spec.persistentVolumeReclaimPolicy", spec["persistentVolumeReclaimPolicy"], [
      "Delete",
      "Recycle",
      "Retain",
    ]),
    ...(isFields(spec["local"]) && !isFields(spec["nodeAffinity"])
      ? [requiredValue("spec.nodeAffinity", "Local volume requires node affinity")]
      : []),
    ...(isFields(spec["nodeAffinity"]) && !isFields(selector)
      ? [requiredValue("spec.nodeAffinity.required", "must specify required node constraints")]
      : []),
    ...(isFields(selector) ? validateNodeSelector("spec.nodeAffinity.required", selector) : []),
    ...validateSources("spec", spec, volumeFields),
    ...(isFields(spec["csi"]) ? required("spec.csi.volumeHandle", spec["csi"]["volumeHandle"]) : []),
    ...(name === "" ? [] : named("spec.storageClassName", name, validateSubdomain)),
    ...pointedChoice("spec.volumeMode", spec["volumeMode"], volumeModes),
  ];
}

/** A volume has a size, and nothing else. */
function validateCapacity(written: unknown, capacity: Fields): Causes {
  const causes = isEmpty(capacity) ? [requiredValue("spec.capacity")] : [];
  const { storage } = capacity;
  if (storage === undefined || Object.keys(capacity).length > 1)
    causes.push(unsupportedValue("spec.capacity", written ?? null, ["storage"]));
  return storage === undefined ? causes : [...causes, ...validateStorage("spec.capacity[storage]", storage)];
}

export function validateVolumeUpdate(volume: Fields, old: Fields): Causes {
  const sources = (one: Fields) =>
    Object.fromEntries(
      Object.entries(fieldsAt(one, "spec")).filter(
        ([field, value]) => isFields(value) && !volumeFields.includes(field),
      ),
    );
  const causes = immutable(
    "spec.volumeMode",
    fieldsAt(volume, "spec")["volumeMode"],
    fieldsAt(old, "spec")["volumeMode"],
  );
  if (!deepEqual(sources(volume), sources(old)))
    causes.push(
      forbiddenValue("spec.persistentvolumesource", "spec.persistentvolumesource is immutable after creation"),
    );
  return causes;
}

function validateModes(spec: Fields, words: string): Causes {
  const modes = listAt(spec, "accessModes");
  if (modes.length === 0) return [requiredValue("spec.accessModes", words)];
  const causes = modes.flatMap((mode) => pointedChoice("spec.accessModes", mode ?? "", accessModes));
  if (modes.includes("ReadWriteOncePod") && modes.length > 1)
    causes.push(forbiddenValue("spec.accessModes", "may not use ReadWriteOncePod with other access modes"));
  return causes;
}

function validateStorage(path: string, amount: unknown): Causes {
  if (amount === undefined) return [requiredValue(path)];
  return parseQuantity(String(amount)).nanos > 0n ? [] : [invalidValue(path, amount, "must be greater than zero")];
}

export function validateStorageClass(storageClass: Fields): Causes {
  const provisioner = textAt(storageClass, "provisioner");
  return [
    ...(provisioner === ""
      ? [requiredValue("provisioner")]
      : named("provisioner", provisioner.toLowerCase(), validateQualifiedName)),
    ...Object.keys(fieldsAt(storageClass, "parameters"))
      .filter((key) => key === "")
      .map((key) => invalidValue("parameters", key, "field can not be empty.")),
    ...choice("reclaimPolicy", storageClass["reclaimPolicy"], ["Delete", "Retain"]),
    ...pointedChoice("volumeBindingMode", storageClass["volumeBindingMode"] ?? "", [
      "Immediate",
      "WaitForFirstConsumer",
    ]),
    ...listAt(storageClass, "allowedTopologies").flatMap((term, index) =>
      eachItem(term, `allowedTopologies[${index}]`, "matchLabelExpressions", (expression, at) => [
        ...required(`${at}.values`, expression["values"]),
        ...named(`${at}.key`, textAt(expression, "key"), validateQualifiedName),
      ]),
    ),
  ];
}

export function validateStorageClassUpdate(storageClass: Fields, old: Fields): Causes {
  const changed = ["parameters", "provisioner", "reclaimPolicy"].filter(
    (field) => !deepEqual(storageClass[field], old[field]),
  );
  return [
    ...changed.map((field) => forbiddenValue(field, `updates to ${field} are forbidden.`)),
    ...immutable("volumeBindingMode", storageClass["volumeBindingMode"], old["volumeBindingMode"]),
  ];
}

export function validateStorageDriver(driver: Fields): Causes {
  const spec = fieldsAt(driver, "spec");
  return [
    ...pointedChoice("spec.fsGroupPolicy", spec["fsGroupPolicy"], ["File", "None", "ReadWriteOnceWithFSType"]),
    ...listAt(spec, "volumeLifecycleModes").flatMap((mode) =>
      pointedChoice("spec.volumeLifecycleModes", mode ?? "", ["Persistent", "Ephemeral"]),
    ),
  ];
}

export function validateVolumeAttachment(attachment: Fields): Causes {
  const spec = fieldsAt(attachment, "spec");
  const source = fieldsAt(spec, "source");
  const given = Object.keys(source).filter((field) => !isEmpty(source[field]));
  const words = "must specify exactly one of inlineVolumeSpec and persistentVolumeName";
  return [
    ...validateDriverName("spec.attacher", textAt(spec, "attacher")),
    ...(given.length === 1 ? [] : [requiredValue("spec.source", words)]),
    ...named("spec.nodeName", textAt(spec, "nodeName"), validateSubdomain),
  ];
}

export function validateVolumeAttachmentUpdate(attachment: Fields, old: Fields): Causes {
  return immutable("spec", attachment["spec"], old["spec"]);
}

export function validateAttributesClass(attributesClass: Fields): Causes {
  return required("driverName", attributesClass["driverName"]);
}

export function validateAttributesClassUpdate(attributesClass: Fields, old: Fields): Causes {
  return ["driverName", "parameters"]
    .filter((field) => !deepEqual(attributesClass[field], old[field]))
    .map((field) => forbiddenValue(field, `updates to ${field} are forbidden.`));
}
