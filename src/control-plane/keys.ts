import { createHmac, randomBytes } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import {
  createServiceAccountIssuer,
  generateServiceAccountKey,
  type ServiceAccountIssuer,
} from "../apiserver/index.ts";
import { type User, writeFileAtomically } from "../lib/index.ts";

/** What a control plane proves itself and its users with. */
export type Keys = {
  /** At least 32 random bytes. */
  secret: Uint8Array;
  serviceAccounts: ServiceAccountIssuer;
  /** The bearer token of a user; the same one each time. */
  tokenOf(user: User): string;
};

/** @param dir where they stay, so that kubeconfigs and tokens are good after a restart too; without it they are new */
export function openKeys(dir: string | undefined): Keys {
  const secret = Buffer.from(
    kept(dir, "secret", () => randomBytes(32).toString("hex")),
    "hex",
  );
  const privateKey = kept(dir, "service-accounts.key", generateServiceAccountKey);
  return {
    secret,
    serviceAccounts: createServiceAccountIssuer({ privateKey }),
    tokenOf: ({ name, groups }) =>
      createHmac("sha256", secret)
        .update(JSON.stringify([name, ...groups]))
        .digest("base64url"),
  };
}

function kept(dir: string | undefined, name: string, make: () => string): string {
  if (dir === undefined) return make();
  const file = join(dir, name);
  if (!existsSync(file)) writeFileAtomically(file, make());
  return readFileSync(file, "utf8");
}
