import { execFile, execFileSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import {
  buildCommands,
  cableCommand,
  inside,
  readdressCommands,
  type Command,
} from "./build-commands.ts";
import type { LabNode, Topology } from "./topology.ts";

const run = promisify(execFile);

/** All that a lab makes, and nothing else, is named so; the process's id and a number follow. */
const PREFIX = "beeline-lab-";

/** Where `ip` keeps the names of namespaces, and files that replace those of `/etc` inside them. */
const NAMESPACES = "/run/netns";
const NAMESPACE_FILES = "/etc/netns";

let labs = 0;

/** A topology that stands. A process may have several. */
export class Lab implements AsyncDisposable {
  /** For what clients and servers keep; it goes with the rest of the lab. */
  readonly folder: string;
  readonly #topology: Topology;
  readonly #prefix: string;

  private constructor(topology: Topology) {
    labs += 1;
    this.#topology = topology;
    this.#prefix = `${PREFIX}${process.pid}-${labs}-`;
    this.folder = mkdtempSync(join(tmpdir(), `${this.#prefix}data-`));
  }

  /** @throws Error with what the command said */
  static async build(topology: Topology): Promise<Lab> {
    const lab = new Lab(topology);
    try {
      lab.#writeHosts(topology);
      for (const command of buildCommands(topology, lab.#namespaceOf)) await execute(command);
    } catch (error) {
      lab.#remove();
      throw error;
    }
    return lab;
  }

  /** What goes before a command so that it runs on a node. */
  on(node: string): Command {
    return inside(this.#namespaceOf(node));
  }

  /** Runs a program on a node. @returns what it printed @throws Error where it fails */
  async run(node: string, ...command: readonly string[]): Promise<string> {
    return await execute([...this.on(node), ...command]);
  }

  /** The first address that the topology gives a node, without its prefix length. */
  address(node: string): string {
    const [address] = this.#node(node).ports[0]?.addresses ?? [];
    if (address === undefined) throw new Error(`${node} has no address`);
    return address.replace(/\/\d+$/, "");
  }

  async cable(node: string, state: "up" | "down"): Promise<void> {
    await execute(cableCommand(this.#topology, node, this.#namespaceOf, state));
  }

  /** Gives a node's first port other addresses, and its routes anew. */
  async readdress(node: string, addresses: readonly string[]): Promise<void> {
    const { ports, routes = [] } = this.#node(node);
    const from = ports[0]?.addresses ?? [];
    const commands = readdressCommands(this.#namespaceOf(node), from, addresses, routes);
    for (const command of commands) await execute(command);
  }

  /** From now on the topology's host names have that address, for programs that run already, too. */
  rename(address: string): void {
    const { hosts = [] } = this.#topology;
    const names = [...new Set(hosts.map(({ name }) => name))];
    this.#writeHosts({ ...this.#topology, hosts: names.map((name) => ({ name, address })) });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#remove();
  }

  #remove(): void {
    remove((name) => name.startsWith(this.#prefix));
  }

  readonly #namespaceOf = (node: string): string => `${this.#prefix}${node}`;

  #node(name: string): LabNode {
    const node = this.#topology.nodes.find((node) => node.name === name);
    if (node === undefined) throw new Error(`there is no node ${name}`);
    return node;
  }

  /** Synchronous: another lab's end removes the folder of all once it is empty. */
  #writeHosts({ hosts, nodes }: Topology): void {
    if (hosts === undefined) return;
    const lines = hosts.map(({ name, address }) => `${address} ${name}\n`);
    for (const node of nodes) {
      const folder = join(NAMESPACE_FILES, this.#namespaceOf(node.name));
      mkdirSync(folder, { recursive: true });
      writeFileSync(join(folder, "hosts"), ["127.0.0.1 localhost\n", ...lines].join(""));
    }
  }
}

/**
 * Ends what runs in this process's labs and removes them, with all that is in them. Synchronous, so
 * that it can run while the process ends.
 */
export function removeLabs(): void {
  remove((name) => ownerOf(name) === process.pid);
}

/** Removes what labs have left whose processes are gone. @returns the names */
export function removeLeftovers(): readonly string[] {
  return remove((name) => {
    const owner = ownerOf(name);
    return owner !== undefined && !existsSync(`/proc/${owner}`);
  });
}

/**
 * Builds the least of labs.
 * @throws Error with what the command said, where this machine does not permit it
 */
export async function tryLab(): Promise<void> {
  await using lab = await Lab.build({ segments: [], nodes: [{ name: "ada", ports: [] }] });
  await lab.run("ada", "nft", "add table inet filter");
}

function remove(isWanted: (name: string) => boolean): readonly string[] {
  const namespaces = found(NAMESPACES).filter(isWanted);
  for (const namespace of namespaces) removeNamespace(namespace);
  const folders = [NAMESPACE_FILES, tmpdir()].flatMap((folder) =>
    found(folder)
      .filter(isWanted)
      .map((name) => join(folder, name)),
  );
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
  removeIfEmpty(NAMESPACE_FILES);
  return [...namespaces, ...folders];
}

function removeIfEmpty(folder: string): void {
  try {
    rmdirSync(folder);
  } catch {
    // It is not there, or another process keeps its own files there.
  }
}

function found(folder: string): readonly string[] {
  return existsSync(folder) ? readdirSync(folder) : [];
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

async function execute([program = "", ...args]: Command): Promise<string> {
  return (await run(program, args)).stdout;
}
