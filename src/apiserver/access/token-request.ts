import {
  badRequest,
  conflict,
  deepEqual,
  fieldsAt,
  invalid,
  invalidValue,
  isFields,
  type KubeObject,
  notFound,
  numberAt,
  parseApiVersion,
  pruneUnknown,
  type StatusCause,
  textAt,
  textsAt,
  trackUpdate,
  valueAt,
} from "../../apimachinery/index.ts";
import { builtinSchema, decodeBuiltin, defaultBuiltin } from "../../apis/index.ts";
import type { HttpResponse } from "../../lib/index.ts";
import { newAttempt } from "../admission/admit.ts";
import { answerResponse } from "../http/answer.ts";
import { type BodyKind, objectFrom } from "../http/body.ts";
import type { Call } from "../http/call.ts";
import { readObject } from "../http/decode.ts";
import { parseWriteOptions } from "../http/query.ts";
import { type Server, timestamp } from "../server.ts";
import { writingOf } from "../write/writing.ts";
import { boundClaims, type ObjectReference, type ServiceAccountClaims } from "./service-account-claims.ts";
import type { TokenResource } from "./service-account-tokens.ts";
import { formatUsername } from "./service-account-user.ts";

const version = { group: "authentication.k8s.io", version: "v1" };
const groupKind = { group: version.group, kind: "TokenRequest" };
const definition = "io.k8s.api.authentication.v1.TokenRequest";
const kind = { definition, ...groupKind, version: version.version };

const tokenRequest: BodyKind = {
  apiVersion: "authentication.k8s.io/v1",
  kind: kind.kind,
  version: kind.version,
  custom: undefined,
  rules: {
    decode: (object) => decodeBuiltin(kind, object),
    prune: (object) => pruneUnknown(object, builtinSchema(definition)),
  },
};

/** A token's life, in seconds; kube-apiserver's limits. */
const lifeSecondsMin = 10 * 60;
const lifeSecondsMax = 2 ** 32;
/** What the kubelet asks for tokens of pods that are mounted by the ServiceAccount plug-in. */
const mountedLifeSeconds = 60 * 60 + 7;
/** Such tokens live for a year all the same, so that clients that never read them again go on (KEP-1205). */
const extendedLifeSeconds = 365 * 24 * 60 * 60;

/** POST to `serviceaccounts/<name>/token`: signs a token for a ServiceAccount. */
export async function requestToken(server: Server, call: Call): Promise<HttpResponse> {
  const { path, query, request, warnings, accepted, resource, annotations } = call;
  const options = parseWriteOptions(query, "CreateOptions");
  const object = objectFrom(await readObject(request), tokenRequest, { mode: options.fieldValidation, warnings });
  const writing = writingOf(call, options);
  defaultBuiltin({ definition }, object);
  const managed = ownersOf(server, object, writing.manager);
  const account = complete(server, call, object);
  const causes = lifeCauses(numberAt(object, ["spec", "expirationSeconds"]));
  const attempt = newAttempt({
    ...writing,
    operation: "CREATE",
    resource,
    subresource: "token",
    kind: { ...version, kind: kind.kind },
    namespace: path.namespace,
    name: path.name,
    object,
    live: undefined,
  });
  await server.admission.mutate(server, attempt);
  if (causes.length > 0) throw invalid(groupKind, "", causes);
  await server.admission.validate(server, attempt);
  const issued = issue(server, call, object, account);
  if (annotations !== undefined && issued.id !== undefined) {
    annotations["authentication.kubernetes.io/issued-credential-id"] = `JTI=${issued.id}`;
  }
  const answer = { ...object, metadata: { ...object.metadata, managedFields: managed }, status: issued.status };
  const pieces = [Buffer.from(JSON.stringify(answer))];
  return await answerResponse(request, { status: 201, pieces }, accepted, warnings);
}

/** Who owns what of a request: the client owns what it has sent, and the default life. */
function ownersOf(server: Server, object: KubeObject, manager: string) {
  const { apiVersion, kind: sentKind } = object;
  const spec = Object.fromEntries(
    Object.entries(fieldsAt(object, "spec")).filter(([, value]) => value !== null && !deepEqual(value, [])),
  );
  return trackUpdate({
    before: undefined,
    after: { apiVersion, kind: sentKind, metadata: {}, spec },
    schema: builtinSchema(definition),
    manager,
    subresource: "token",
    now: timestamp(server.now()),
  });
}

/** Puts into a request what it leaves to the server. @returns the ServiceAccount that it is about */
function complete(server: Server, { path }: Call, object: KubeObject): ObjectReference {
  const { namespace, name } = path;
  const { metadata } = object;
  if (metadata.namespace !== undefined && metadata.namespace !== "" && metadata.namespace !== namespace) {
    throw badRequest("the namespace of the provided object does not match the namespace sent on the request");
  }
  if (metadata.name !== undefined && metadata.name !== "" && metadata.name !== name) {
    const why = "must match the service account name if specified";
    throw invalid(groupKind, name, [invalidValue("metadata.name", metadata.name, why)]);
  }
  const uid = uidOf(server, "serviceaccounts", namespace, name);
  if (metadata.uid !== undefined && metadata.uid !== "" && metadata.uid !== uid) {
    const why = `the UID in the token request (${metadata.uid}) does not match the UID of the service account (${uid})`;
    throw conflict({ group: groupKind.group, resource: groupKind.kind }, name, why);
  }
  const spec = fieldsAt(object, "spec");
  object["spec"] = spec;
  if (textsAt(spec, "audiences").length === 0) spec["audiences"] = [...server.authenticator.audiences];
  const creationTimestamp = timestamp(server.now());
  object.metadata = { ...metadata, name, namespace, uid, creationTimestamp };
  return { name, uid };
}

function lifeCauses(seconds: number): StatusCause[] {
  const field = "spec.expirationSeconds";
  if (seconds < lifeSecondsMin) {
    return [invalidValue(field, seconds, "may not specify a duration less than 10 minutes")];
  }
  const tooLong = seconds > lifeSecondsMax;
  return tooLong ? [invalidValue(field, seconds, "may not specify a duration larger than 2^32 seconds")] : [];
}

function issue(server: Server, { path }: Call, object: KubeObject, account: ObjectReference) {
  const { issuer, authenticator } = server;
  const audiences = textsAt(object, "spec", "audiences");
  const bound = boundObjects(server, path.namespace, account.name, object);
  const asked = numberAt(object, ["spec", "expirationSeconds"]);
  const isMounted =
    bound.pod !== undefined &&
    asked === mountedLifeSeconds &&
    audiences.every((audience) => authenticator.audiences.includes(audience));
  const nowMs = server.now().getTime();
  const now = Math.floor(nowMs / 1000);
  const claims: ServiceAccountClaims = {
    subject: formatUsername(path.namespace, account.name),
    namespace: path.namespace,
    account,
    audiences,
    ...bound,
    issuedAt: now,
    notBefore: now,
    expiresAt: now + (isMounted ? extendedLifeSeconds : asked),
    warnAfter: isMounted ? now + asked : undefined,
    id: server.newUid(),
  };
  const status = {
    token: issuer.sign(boundClaims(claims)),
    expirationTimestamp: timestamp(new Date(nowMs + asked * 1000)),
  };
  return { id: claims.id, status };
}

type Bound = Pick<ServiceAccountClaims, "pod" | "secret" | "node">;

/** The object that a token lives and dies with. */
function boundObjects(server: Server, namespace: string, account: string, object: KubeObject): Bound {
  const reference = valueAt(object, "spec", "boundObjectRef");
  if (!isFields(reference)) return {};
  const { group, version: asked } = parseApiVersion(textAt(reference, "apiVersion"));
  const boundKind = textAt(reference, "kind");
  const name = textAt(reference, "name");
  const wanted = textAt(reference, "uid");
  const check = (uid: string): ObjectReference => {
    if (wanted === "" || wanted === uid) return { name, uid };
    const why = `the UID in the bound object reference (${wanted}) does not match the UID in record. The object might have been deleted and then recreated`;
    throw conflict({ group, resource: boundKind }, name, why);
  };
  switch (group === "" ? boundKind : "") {
    case "Pod": {
      const pod = objectOf(server, "pods", namespace, name);
      if (textAt(pod, "spec", "serviceAccountName") !== account) {
        const why = "to pod running with different serviceaccount name.";
        throw badRequest(`cannot bind token for serviceaccount ${JSON.stringify(account)} ${why}`);
      }
      const node = nodeOf(server, textAt(pod, "spec", "nodeName"));
      return { pod: check(pod.metadata.uid ?? ""), ...(node && { node }) };
    }
    case "Node":
      return { node: check(uidOf(server, "nodes", "", name)) };
    case "Secret":
      return { secret: check(uidOf(server, "secrets", namespace, name)) };
    default:
      throw badRequest(`cannot bind token to object of type ${group}/${asked}, Kind=${boundKind}`);
  }
}

/** A node that is not there is named all the same. */
function nodeOf({ store, keys, parsed }: Server, name: string): ObjectReference | undefined {
  if (name === "") return undefined;
  const entry = store.latest(keys.key("nodes", "", name));
  return { name, uid: entry === undefined ? "" : (parsed(entry.value).metadata.uid ?? "") };
}

function objectOf({ store, keys, parsed }: Server, resource: TokenResource, namespace: string, name: string) {
  const entry = store.latest(keys.key(resource, namespace, name));
  if (entry === undefined) throw notFound({ group: "", resource }, name);
  return parsed(entry.value);
}

function uidOf(server: Server, resource: TokenResource, namespace: string, name: string): string {
  return objectOf(server, resource, namespace, name).metadata.uid ?? "";
}
