import {
  deepEqual,
  type Fields,
  fieldsAt,
  invalidValue,
  isFields,
  listAt,
  requiredValue,
  textAt,
  validatePathSegment,
  validateSubdomain,
} from "../../../apimachinery/index.ts";
import { type Causes, named, requiredName, validateStrictCidr } from "./values.ts";

const path = "spec.cidrs";
const immutable = "field is immutable";

export function validateServiceCidr(object: Fields): Causes {
  const cidrs = listAt(object, "spec", "cidrs");
  if (cidrs.length === 0) return [requiredValue(path, "at least one CIDR required")];
  if (cidrs.length > 2) return [invalidValue(path, fieldsAt(object, "spec"), "may only hold up to 2 values")];
  const causes = cidrs.flatMap((cidr, index) => validateStrictCidr(`${path}[${index}]`, cidr));
  const [first, second] = cidrs.map((cidr) => String(cidr).includes(":"));
  if (cidrs.length === 2 && first === second) {
    const why = "may specify no more than one IP for each IP family, i.e 192.168.0.0/24 and 2001:db8::/64";
    causes.push(invalidValue(path, cidrs, why));
  }
  return causes;
}

/** A range stays; one of the other family may come to it. */
export function validateServiceCidrUpdate(object: Fields, old: Fields): Causes {
  const [now, before] = [listAt(object, "spec", "cidrs"), listAt(old, "spec", "cidrs")];
  const isGrowing = before.length === 1 && now.length === 2;
  if (now.length !== before.length && !isGrowing) return [invalidValue(path, now, immutable)];
  const changed = before.flatMap((cidr, index) =>
    cidr === now[index] ? [] : [invalidValue(`${path}[${index}]`, now[index], immutable)],
  );
  return isGrowing ? [...changed, ...validateServiceCidr(object)] : changed;
}

export function validateIpAddress(object: Fields): Causes {
  const parent = fieldsAt(object, "spec")["parentRef"];
  const at = "spec.parentRef";
  if (!isFields(parent)) return [requiredValue(at)];
  const [group, namespace] = [textAt(parent, "group"), textAt(parent, "namespace")];
  return [
    ...(group === "" ? [] : named(`${at}.group`, group, validateSubdomain)),
    ...requiredName(`${at}.resource`, textAt(parent, "resource"), validatePathSegment),
    ...requiredName(`${at}.name`, textAt(parent, "name"), validatePathSegment),
    ...(namespace === "" ? [] : named(`${at}.namespace`, namespace, validatePathSegment)),
  ];
}

export function validateIpAddressUpdate(object: Fields, old: Fields): Causes {
  const [now, before] = [object, old].map((one) => fieldsAt(one, "spec")["parentRef"]);
  return deepEqual(now, before) ? [] : [invalidValue("spec.parentRef", shown(now), immutable)];
}

/** Kubernetes shows its own struct here, whose fields have no other names. */
function shown(parent: unknown): Fields {
  const [group, resource] = [textAt(parent, "group"), textAt(parent, "resource")];
  return { Group: group, Resource: resource, Namespace: textAt(parent, "namespace"), Name: textAt(parent, "name") };
}
