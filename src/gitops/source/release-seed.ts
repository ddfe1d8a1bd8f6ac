import { createHmac } from "node:crypto";
import type { Application } from "../../apis/index.ts";

/** Asks for the same passwords, keys and certificates with each render of a chart. */
export const stableRandomAnnotation = "skiff.dev/stable-random";

/**
 * What random values of an application's charts are made from, when it asks for them to be stable.
 *
 * @param secret what nobody who may only read Applications must know
 * @returns `undefined` when they are to be different each time, as with Helm
 */
export function releaseSeed({ metadata }: Application, secret: Uint8Array | undefined): string | undefined {
  if (secret === undefined || metadata.annotations?.[stableRandomAnnotation] !== "true") return undefined;
  return createHmac("sha256", secret)
    .update(`random values of ${metadata.namespace ?? ""}/${metadata.name}`)
    .digest("hex");
}
