import { join } from "node:path";
import {
  inspectSystem,
  installTrust,
  readTrustedAuthority,
  type TrustOutcome,
  trustInstructions,
  uninstallTrust,
} from "../../gateway/index.ts";
import { platformUrls, stateDirectory } from "../../platform/index.ts";
import { requireConfig } from "../connect.ts";
import { CliError } from "../errors.ts";

export async function trust({
  name,
  install,
  uninstall,
}: {
  name: string;
  install: boolean;
  uninstall: boolean;
}): Promise<void> {
  const config = requireConfig(name);
  if (config.created === undefined) throw new CliError("not-running", { name });
  if (install && uninstall)
    throw new CliError("usage", { why: "give --install or --uninstall, not both", command: "skiff trust" });
  const caFile = caCertificateFile(name);
  if (!install && !uninstall) {
    const { platform } = await inspectSystem();
    const authority = await readTrustedAuthority(caFile);
    process.stdout.write(
      `${trustInstructions({ ...authority, platform, url: `${platformUrls(config).front}/` })}\n\nskiff trust --install does this for the system and the browsers.\n`,
    );
    return;
  }
  const outcomes = await (install ? installTrust({ caFile }) : uninstallTrust({ caFile }));
  process.stdout.write(outcomes.map(describe).join(""));
  if (outcomes.some(({ state }) => state === "failed" || state === "needs-root")) process.exitCode = 1;
}

/** The authority's certificate. */
export function caCertificateFile(name: string): string {
  return join(stateDirectory(name).certificates, "ca", "ca.crt");
}

function describe(outcome: TrustOutcome): string {
  switch (outcome.state) {
    case "done":
      return `✓ ${outcome.store}\n`;
    case "skipped":
      return `- ${outcome.store}: ${outcome.why}\n`;
    case "needs-root":
      return `! ${outcome.store} needs an administrator:\n${outcome.commands.map((command) => `    ${command}\n`).join("")}`;
    case "failed":
      return `✗ ${outcome.store}: ${outcome.why}\n${outcome.commands.map((command) => `    ${command}\n`).join("")}`;
  }
}
