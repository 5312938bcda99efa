import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { clientFolder } from "../../rendezvous/http/client-folder.ts";
import { tryLab } from "./lab.ts";
import type { Need } from "./scenario.ts";

const TOOLS = ["ip", "tc", "nft", "sysctl"];

/** Debian's packages of them. */
const PACKAGES = ["iproute2", "nftables", "procps"];

const INSTALL_TIMEOUT_MS = 5 * 60_000;

/** Why the lab cannot run here, in one line. */
export async function whyNot(): Promise<string | undefined> {
  if (process.platform !== "linux") return "only Linux has network namespaces";
  if (!isRoot()) return "only root may make network namespaces: sudo npm run natlab";
  const missing = missingTools();
  if (missing.length > 0)
    return `missing: ${missing.join(", ")} (apt-get install -y ${PACKAGES.join(" ")})`;
  try {
    await tryLab();
    return undefined;
  } catch (error) {
    const [line = ""] = (error instanceof Error ? error.message : String(error)).split("\n");
    return `this machine permits no network namespaces: ${line}`;
  }
}

/** Where root may: what `whyNot` would miss, as Debian has it. What comes of it, `whyNot` says. */
export function installTools(): void {
  if (process.platform !== "linux" || !isRoot() || missingTools().length === 0) return;
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  for (const args of [["update"], ["install", "-y", "--no-install-recommends", ...PACKAGES]]) {
    // The table alone goes to the standard output.
    spawnSync("apt-get", args, { stdio: ["ignore", 2, 2], env, timeout: INSTALL_TIMEOUT_MS });
  }
}

/**
 * What scenarios may need and this machine has not. Of STUN, the server is asked.
 * @param chromium the program, where there is one
 */
export function whatIsMissing(chromium: string | undefined): ReadonlyMap<Need, string> {
  const missing = new Map<Need, string>();
  if (!isInstalled("turnserver")) missing.set("coturn", "coturn is not installed");
  if (!isInstalled("nginx")) missing.set("nginx", "nginx is not installed");
  if (chromium === undefined) missing.set("chromium", "Chromium is not installed");
  else if (!existsSync(join(clientFolder, "index.html")))
    missing.set("chromium", "the web client is not built (npm run build)");
  return missing;
}

function isRoot(): boolean {
  return process.getuid?.() === 0;
}

function missingTools(): readonly string[] {
  return TOOLS.filter((tool) => !isInstalled(tool));
}

function isInstalled(program: string): boolean {
  return spawnSync(program, ["--version"], { stdio: "ignore" }).error === undefined;
}
