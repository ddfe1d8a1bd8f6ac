import { isIP } from "node:net";
import { type Fields, fieldsAt, isFields, parseStatus, textAt } from "../../apimachinery/index.ts";
import { errorText, type HttpRequest, type HttpResponse, type User } from "../../lib/index.ts";
import type { Decision } from "../access/authorize.ts";
import type { Identity } from "../access/identity.ts";
import { userInfo } from "../access/identity-reviews.ts";
import { captureRequest, captureResponse, requestObject, responseObject, withoutManagedFields } from "./bodies.ts";
import type { AuditSink } from "./log-file.ts";
import type { AuditDecision, AuditedAttributes, AuditedResource, AuditPolicy, AuditStage } from "./policy.ts";

/** Which requests are written down, and where. */
export type Audit = { policy: AuditPolicy; sink: AuditSink };

/** One request as the audit log tells it: what was asked, by whom, what became of it. */
export type Trail = {
  /** Stand in the events that are written from then on. */
  readonly annotations: Record<string, string>;
  /** Called once it is known what is asked, before the body is read; without an identity when nobody was recognised. */
  asked(attributes: AuditedAttributes, identity: Identity | undefined): void;
  impersonated(user: User): void;
  decided(decision: Decision): void;
  /** The request has failed in a way that is nobody's intention. */
  broke(error: unknown): void;
  /** Called with the answer. @returns the answer to send, watched over when it is still to come */
  answered(response: HttpResponse): Promise<HttpResponse>;
};

/** @param id under which clients find the request, in the header `Audit-ID` */
export function startTrail(audit: Audit, request: HttpRequest, id: string, now: () => Date): Trail {
  const requestReceivedTimestamp = microTime(now());
  const annotations: Record<string, string> = {};
  let decision: AuditDecision = unaudited;
  let said: Fields = {};
  let objectRef: Fields | undefined;
  let verb = "";
  let identified = false;
  let sent = (): Uint8Array | undefined => undefined;
  let panic: Fields | undefined;

  const emit = (stage: AuditStage, outcome: Fields = {}) => {
    if (decision.omitStages.has(stage)) return;
    const { responseStatus, requestObject: request, responseObject: response } = outcome;
    const line = {
      kind: "Event",
      apiVersion: "audit.k8s.io/v1",
      level: decision.level,
      auditID: id,
      stage,
      ...said,
      objectRef,
      responseStatus,
      requestObject: request,
      responseObject: response,
      requestReceivedTimestamp,
      stageTimestamp: stage === "RequestReceived" ? requestReceivedTimestamp : microTime(now()),
      ...(Object.keys(annotations).length > 0 ? { annotations: inOrder(annotations) } : {}),
    };
    audit.sink.write(JSON.stringify(line));
  };
  const shown = (object: unknown) => (decision.omitManagedFields ? withoutManagedFields(object) : object);
  /** What the log says of an answer. Only the status is said of a watch. */
  const outcomeOf = async (response: HttpResponse, bytes: Uint8Array | undefined): Promise<Fields> => {
    const request_ = requestObject(request, sent(), verb);
    if (objectRef !== undefined && (verb === "create" || verb === "update")) objectRef = named(objectRef, request_);
    const isStream = verb === "watch" && response.status < 300;
    const answer = isStream ? undefined : await responseObject(response, bytes);
    const keepsRequest = decision.level === "Request" || decision.level === "RequestResponse";
    return {
      responseStatus: panic ?? statusOf(response.status, answer),
      ...(keepsRequest && request_ !== undefined ? { requestObject: shown(request_) } : {}),
      ...(decision.level === "RequestResponse" && objectRef !== undefined ? { responseObject: shown(answer) } : {}),
    };
  };

  return {
    annotations,
    asked(attributes, identity) {
      decision = audit.policy.decide(attributes);
      if (decision.level === "None") return;
      verb = attributes.verb;
      identified = identity !== undefined;
      Object.assign(annotations, identity?.annotations);
      said = { requestURI: request.target, verb, user: identity === undefined ? {} : userInfo(identity.user) };
      Object.assign(said, sourceOf(request));
      if (!("path" in attributes)) objectRef = referenceOf(attributes);
      if (identified) emit("RequestReceived");
      sent = captureRequest(request);
    },
    impersonated(user) {
      const { requestURI, verb: asked, user: own, ...rest } = said;
      said = { requestURI, verb: asked, user: own, impersonatedUser: userInfo(user), ...rest };
    },
    decided({ allowed, reason }) {
      if (decision.level === "None") return;
      annotations["authorization.k8s.io/decision"] = allowed ? "allow" : "forbid";
      annotations["authorization.k8s.io/reason"] = reason;
    },
    broke(error) {
      const message = `APIServer panic'd: ${errorText(error)}`;
      panic = { metadata: {}, status: "Failure", message, reason: "InternalError", code: 500 };
    },
    async answered(response) {
      if (decision.level === "None") return response;
      const { body } = response;
      if (body === undefined || typeof body === "string" || body instanceof Uint8Array) {
        const outcome = await outcomeOf(response, typeof body === "string" ? Buffer.from(body) : body);
        if (!identified) emit("ResponseStarted", outcome);
        else emit(panic === undefined ? "ResponseComplete" : "Panic", outcome);
        return response;
      }
      const isWatch = verb === "watch";
      if (isWatch) emit("ResponseStarted", await outcomeOf(response, undefined));
      const keeps = decision.level === "RequestResponse" && !isWatch;
      return {
        ...response,
        body: captureResponse(body, keeps, async (bytes) => emit("ResponseComplete", await outcomeOf(response, bytes))),
      };
    },
  };
}

const unaudited: AuditDecision = { level: "None", omitStages: new Set(), omitManagedFields: false };

/** Kubernetes' MicroTime. The clock gives milliseconds; the last digits are there for those who parse them. */
function microTime(date: Date): string {
  return date.toISOString().replace("Z", "000Z");
}

function inOrder(annotations: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(annotations).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** As in Kubernetes; longer ones are cut. */
const userAgentLengthMax = 1024;

/** Where a request comes from: what proxies say, then the other end of the connection, which alone cannot be made up. */
function sourceOf({ headers, peerAddress }: HttpRequest): Fields {
  const addresses = addressesIn(headers["x-forwarded-for"]);
  const [real] = addressesIn(headers["x-real-ip"]);
  const peer = peerAddress?.()?.replace(/^::ffff:/, "");
  if (real !== undefined && !addresses.includes(real)) addresses.push(real);
  if (peer !== undefined && addresses.at(-1) !== peer) addresses.push(peer);
  const agent = headers["user-agent"] ?? "";
  const userAgent = agent.length > userAgentLengthMax ? `${agent.slice(0, userAgentLengthMax)}...TRUNCATED` : agent;
  return { ...(addresses.length > 0 ? { sourceIPs: addresses } : {}), ...(userAgent !== "" ? { userAgent } : {}) };
}

function addressesIn(header: string | string[] | undefined): string[] {
  const parts = [header ?? []].flat().flatMap((text) => text.split(","));
  return parts.map((part) => part.trim()).filter((part) => isIP(part) !== 0);
}

function referenceOf({ resource, namespace, name, group, version, subresource }: AuditedResource): Fields {
  return reference({ resource, namespace, name, apiGroup: group, apiVersion: version, subresource });
}

/** What an object that was sent says of itself completes what the URL says. */
function named(known: Fields, object: unknown): Fields {
  const { namespace, name, uid, resourceVersion } = fieldsAt(object, "metadata");
  return reference({ namespace, name, uid, resourceVersion, ...known });
}

function reference(fields: Fields): Fields {
  const order = ["resource", "namespace", "name", "uid", "apiGroup", "apiVersion", "resourceVersion", "subresource"];
  return Object.fromEntries(order.flatMap((field) => (textAt(fields, field) === "" ? [] : [[field, fields[field]]])));
}

function statusOf(code: number, answer: unknown): Fields {
  const status = isFields(answer) ? parseStatus(answer) : undefined;
  if (status === undefined) return { metadata: {}, code };
  const { status: outcome, message, reason, details } = status;
  return { metadata: {}, status: outcome, message, reason, details, code };
}
