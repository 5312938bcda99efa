import { execFile, execFileSync } from "node:child_process";
import { existsSync, readdirSync, rmdirSync, rmSync } from "node:fs";
import { mkdir, mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import {
  buildCommands,
  cableCommand,
  inside,
  readdressCommands,
  SWITCH,
  type Command,
} from "./build-commands.ts";
import type { LabNode, Topology } from "./topology.ts";

const run = promisify(execFile);

/** All that a lab makes, and nothing else, is named so; the process's id follows. */
const PREFIX = "beeline-lab-";

/** Where `ip` keeps the names of namespaces, and files that replace those of `/etc` inside them. */
const NAMESPACES = "/run/netns";
const NAMESPACE_FILES = "/etc/netns";

/** A topology that stands. Only one at a time in a process. */
export class Lab implements AsyncDisposable {
  readonly #topology: Topology;

  private constructor(topology: Topology) {
    this.#topology = topology;
  }

  /** @throws Error with what the command said */
  static async build(topology: Topology): Promise<Lab> {
    try {
      await writeHosts(topology);
      for (const command of buildCommands(topology, namespaceOf)) await execute(command);
    } catch (error) {
      removeLab();
      throw error;
    }
    return new Lab(topology);
  }

  /** What goes before a command so that it runs on a node. */
  on(node: string): Command {
    return inside(namespaceOf(node));
  }

  async cable(node: string, state: "up" | "down"): Promise<void> {
    await execute(cableCommand(this.#topology, node, namespaceOf, state));
  }

  /** Gives a node's first port other addresses, and its routes anew. */
  async readdress(node: string, addresses: readonly string[]): Promise<void> {
    const { ports, routes = [] } = this.#node(node);
    const from = ports[0]?.addresses ?? [];
    for (const command of readdressCommands(namespaceOf(node), from, addresses, routes)) {
      await execute(command);
    }
  }

  /** From now on the topology's host names have that address, for programs that run already, too. */
  async rename(address: string): Promise<void> {
    const { hosts = [] } = this.#topology;
    const names = [...new Set(hosts.map(({ name }) => name))];
    await writeHosts({ ...this.#topology, hosts: names.map((name) => ({ name, address })) });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    removeLab();
  }

  #node(name: string): LabNode {
    const node = this.#topology.nodes.find((node) => node.name === name);
    if (node === undefined) throw new Error(`there is no node ${name}`);
    return node;
  }
}

/** A folder for what clients and server keep; it goes with the rest of the lab. */
export async function labFolder(): Promise<string> {
  return mkdtemp(join(tmpdir(), namespaceOf("data-")));
}

/**
 * Ends what runs in the lab of that process and removes it, with all that is in it. Synchronous, so
 * that it can run while the process ends.
 */
export function removeLab(pid: number = process.pid): void {
  removeOf((owner) => owner === pid);
}

/** Removes what labs have left whose processes are gone. @returns the names */
export function removeLeftovers(): readonly string[] {
  return removeOf((owner) => !existsSync(`/proc/${owner}`));
}

/** Can the kernel delay packets? Asked in a namespace of the lab's own. */
export async function hasNetem(): Promise<boolean> {
  const namespace = namespaceOf(SWITCH);
  await execute(["ip", "netns", "add", namespace]);
  try {
    await execute(["tc", "-n", namespace, "qdisc", "add", "dev", "lo", "root", "netem"]);
    return true;
  } catch {
    return false;
  } finally {
    removeLab();
  }
}

function namespaceOf(node: string): string {
  return `${PREFIX}${process.pid}-${node}`;
}

function removeOf(isWanted: (owner: number) => boolean): readonly string[] {
  const namespaces = madeByLabs(NAMESPACES, isWanted);
  for (const namespace of namespaces) removeNamespace(namespace);
  const folders = [NAMESPACE_FILES, tmpdir()].flatMap((folder) =>
    madeByLabs(folder, isWanted).map((name) => join(folder, name)),
  );
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
  if (existsSync(NAMESPACE_FILES) && readdirSync(NAMESPACE_FILES).length === 0) {
    rmdirSync(NAMESPACE_FILES);
  }
  return [...namespaces, ...folders];
}

function madeByLabs(folder: string, isWanted: (owner: number) => boolean): readonly string[] {
  const names = existsSync(folder) ? readdirSync(folder) : [];
  return names.filter((name) => {
    const owner = ownerOf(name);
    return owner !== undefined && isWanted(owner);
  });
}

/** The id of the process whose lab has made what is named so; undefined for all else. */
export function ownerOf(name: string): number | undefined {
  const owner = name.startsWith(PREFIX) ? /^[1-9]\d*(?=-)/.exec(name.slice(PREFIX.length)) : null;
  return owner === null ? undefined : Number(owner[0]);
}

function removeNamespace(namespace: string): void {
  const inIt = execFileSync("ip", ["netns", "pids", namespace], { encoding: "utf8" });
  for (const pid of inIt.split("\n").filter((line) => line !== "")) kill(Number(pid));
  execFileSync("ip", ["netns", "del", namespace]);
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has ended by itself.
  }
}

async function writeHosts({ hosts, nodes }: Topology): Promise<void> {
  if (hosts === undefined) return;
  const lines = hosts.map(({ name, address }) => `${address} ${name}\n`);
  for (const node of nodes) {
    const folder = join(NAMESPACE_FILES, namespaceOf(node.name));
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, "hosts"), ["127.0.0.1 localhost\n", ...lines].join(""));
  }
}

async function execute([program = "", ...args]: Command): Promise<void> {
  await run(program, args);
}
