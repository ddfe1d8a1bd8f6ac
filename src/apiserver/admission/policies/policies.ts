import { type KubeObject, StatusError } from "../../../apimachinery/index.ts";
import { jsonValue, type Variables } from "../../../cel/index.ts";
import type { ApiResource } from "../../resource.ts";
import type { Server } from "../../server.ts";
import { type Admission, type Attempt, refused } from "../admit.ts";
import { namespaceValue, requestValues } from "../expressions.ts";
import { isExempt, kindOf, namespaceOf } from "../webhooks/match.ts";
import { admissionRequest } from "../webhooks/review.ts";
import { viewOf } from "../webhooks/view.ts";
import { activePolicies, type Binding, newKnownPolicies, type Policy } from "./configuration.ts";
import { type Decision, evaluatePolicy } from "./evaluate-policy.ts";
import { matchConstraints } from "./match.ts";
import { paramResource, paramsOf } from "./params.ts";
import { checkPolicy } from "./type-check.ts";

/** How much of an audit annotation is kept, in bytes: `maxAuditAnnotationValueLength`. */
const annotationSizeMax = 10 * 1024;

/** Asks the ValidatingAdmissionPolicies of the cluster about each write, and tells those who write policies what they got wrong. */
export function createPolicies(): Admission {
  const known = newKnownPolicies();
  return {
    complete: checkPolicy,
    validate(server, attempt) {
      if (isExempt(attempt)) return;
      const findings: Findings = { server, attempt, denials: [] };
      const matching = activePolicies(server, known).flatMap(({ policy, bindings }) => {
        const asked = aboutWrite(findings, policy);
        return asked === undefined ? [] : [{ policy, bindings, asked }];
      });
      if (matching.length > 0) return askAll(findings, matching);
      refuse(findings);
    },
  };
}

type Denial = { readonly policy: Policy; readonly binding: Binding | undefined; readonly decision: Decision };
type Findings = { readonly server: Server; readonly attempt: Attempt; readonly denials: Denial[] };
type Asked = { readonly policy: Policy; readonly bindings: readonly Binding[]; readonly asked: ApiResource };

/** Which resource of a write a policy is about. What is wrong with the policy itself denies the write, unless it may fail. */
function aboutWrite(findings: Findings, policy: Policy): ApiResource | undefined {
  const { server, attempt } = findings;
  try {
    const asked = matchConstraints(server, policy.constraints, attempt);
    if (asked !== undefined && policy.paramKind !== undefined) paramResource(server, policy.paramKind);
    return asked;
  } catch (error) {
    note(findings, policy, undefined, `failed to configure policy: ${messageOf(error)}`);
    return undefined;
  }
}

async function askAll(findings: Findings, matching: readonly Asked[]): Promise<void> {
  for (const asked of matching) await askPolicy(findings, asked);
  refuse(findings);
}

async function askPolicy(findings: Findings, { policy, bindings, asked }: Asked): Promise<void> {
  const { attempt } = findings;
  const annotations = new Map<string, Set<string>>();
  let values: Variables | undefined;
  for (const binding of bindings) {
    try {
      const params = await boundParams(findings, policy, binding);
      if (params.length > 0) values ??= await valuesOf(findings, asked);
      for (const param of params) {
        const evaluated = evaluatePolicy(policy, { ...values, params: param === null ? null : jsonValue(param) });
        for (const [index, decision] of evaluated.decisions.entries())
          if (decision.denies) act(findings, { policy, binding, decision }, index);
        for (const annotation of evaluated.annotations) {
          if ("error" in annotation) {
            const decision = { denies: true, message: annotation.error, reason: "" };
            findings.denials.push({ policy, binding, decision });
          } else addAnnotation(annotations, annotation.key, annotation.value);
        }
      }
    } catch (error) {
      note(findings, policy, binding, `failed to configure binding: ${messageOf(error)}`);
    }
  }
  for (const [key, notes] of annotations) attempt.annotations[`${policy.name}/${key}`] ??= [...notes].join(", ");
}

/** @returns nothing for a binding that is not about the write */
async function boundParams(
  { server, attempt }: Findings,
  policy: Policy,
  binding: Binding,
): Promise<(Readonly<KubeObject> | null)[]> {
  const { constraints } = binding;
  if (constraints !== undefined && matchConstraints(server, constraints, attempt) === undefined) return [];
  return await paramsOf(server, policy, binding, namespaceOf(attempt));
}

async function valuesOf({ server, attempt }: Findings, asked: ApiResource): Promise<Variables> {
  let view: Awaited<ReturnType<typeof viewOf>>;
  try {
    view = await viewOf(attempt, asked);
  } catch (error) {
    throw new Error(`failed to convert object version: ${messageOf(error)}`);
  }
  const request = admissionRequest(attempt, { resource: asked, kind: kindOf(attempt, asked) }, view, "");
  const values = requestValues(server, attempt, { request, ...view });
  return { ...values, namespaceObject: namespaceValue(server, attempt) };
}

/** What is wrong with a policy or a binding itself. */
function note(findings: Findings, policy: Policy, binding: Binding | undefined, message: string): void {
  if (policy.ignoresFailure) return;
  findings.denials.push({ policy, binding, decision: { denies: true, message, reason: "" } });
}

function act(findings: Findings, denial: Denial & { binding: Binding }, index: number): void {
  const { policy, binding, decision } = denial;
  const { attempt } = findings;
  for (const action of binding.actions) {
    if (action === "Deny") findings.denials.push(denial);
    if (action === "Warn") {
      const who = `ValidatingAdmissionPolicy '${policy.name}' with binding '${binding.name}'`;
      attempt.warnings.push(`Validation failed for ${who}: ${decision.message}`);
    }
    if (action === "Audit") attempt.annotations[failureAnnotation] ??= failureText(denial, index);
  }
}

const failureAnnotation = "validation.policy.admission.k8s.io/validation_failure";

function failureText({ policy, binding, decision }: Denial & { binding: Binding }, expressionIndex: number): string {
  const { message } = decision;
  const validationActions = binding.actions;
  const failure = { message, policy: policy.name, binding: binding.name, expressionIndex, validationActions };
  return escapeHtml(JSON.stringify([failure]));
}

/** JSON as Go writes it, which is safe within HTML. */
function escapeHtml(json: string): string {
  return json.replace(/[<>&\u2028\u2029]/g, (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

function addAnnotation(annotations: Map<string, Set<string>>, key: string, value: string): void {
  const bytes = Buffer.from(value);
  const kept = bytes.byteLength > annotationSizeMax ? bytes.subarray(0, annotationSizeMax).toString() : value;
  const values = annotations.get(key) ?? new Set();
  annotations.set(key, values.add(kept));
}

/** Refuses the write with what the first denial says. @throws {StatusError} */
function refuse({ attempt, denials }: Findings): void {
  const [first] = denials;
  if (first === undefined) return;
  const { policy, binding, decision } = first;
  const by = binding === undefined ? "" : ` with binding '${binding.name}'`;
  const why = `ValidatingAdmissionPolicy '${policy.name}'${by} denied request: ${decision.message}`;
  const { message, details } = refused(attempt, why).status;
  // The cause is about no field and has no reason; neither is shown then.
  const causes = Object.assign([], [{ message: why }]);
  throw new StatusError(reasonOf(decision.reason), message ?? why, { ...details, causes });
}

function reasonOf(reason: string): "Forbidden" | "Invalid" | "RequestEntityTooLarge" | "Unauthorized" {
  return reason === "Forbidden" || reason === "RequestEntityTooLarge" || reason === "Unauthorized" ? reason : "Invalid";
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
