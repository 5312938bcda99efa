import { join } from "node:path";
import { ownCertificate, ownCertificateFile } from "../../rendezvous/http/own-certificate.ts";
import { RendezvousProcess } from "../support/rendezvous-process.ts";
import { ChromiumClient } from "./chromium-client.ts";
import { Lab } from "./lab.ts";
import { NodeClient, type LabClient } from "./lab-client.ts";
import { ReverseProxy } from "./reverse-proxy.ts";
import { clientOf, PEOPLE, type Person, type Scenario } from "./scenario.ts";
import { PORT } from "./sites.ts";
import { SlowWay } from "./slow-way.ts";
import { TurnServer } from "./turn-server.ts";

/** A network that stands, with all that runs in it. */
export interface Stage {
  readonly scenario: Scenario;
  readonly lab: Lab;
  readonly server: RendezvousProcess;
  readonly ada: LabClient;
  readonly ben: LabClient;
  readonly slowWay: SlowWay | undefined;
}

/**
 * @param chromium the program, where a scenario wants one
 * @param stack what is started is ended with it
 */
export async function setStage(
  scenario: Scenario,
  chromium: string | undefined,
  stack: AsyncDisposableStack,
): Promise<Stage> {
  const { topology, delayMs, turn, proxy } = scenario;
  const lab = stack.use(await Lab.build(topology));
  const turnServer =
    turn === undefined ? undefined : stack.use(await TurnServer.start(lab, lab.folder, turn));
  const nginx =
    proxy === undefined ? undefined : stack.use(await ReverseProxy.start(lab, lab.folder));
  const slowWay =
    delayMs === undefined
      ? undefined
      : stack.use(await SlowWay.start(lab, topology, scenario.server, delayMs));
  const dataFolder = join(lab.folder, "server");
  const flags = [...serverFlags(scenario), ...(turnServer?.flags ?? []), ...(nginx?.flags ?? [])];
  const trusting = nginx?.clientPrefix ?? (await trustOwnCertificate(scenario, dataFolder));
  const place = { prefix: lab.on("server"), ...whereToListen(scenario) };
  const server = stack.use(await RendezvousProcess.start(dataFolder, flags, place));
  const start = async (person: Person): Promise<LabClient> => {
    if (clientOf(scenario, person) === "chromium") {
      return await ChromiumClient.start({ lab, person, server: scenario.server, chromium });
    }
    return new NodeClient({
      server: scenario.server,
      dataFolder: join(lab.folder, person),
      prefix: [...lab.on(person), ...trusting],
      lan: true,
    });
  };
  const [ada, ben] = await Promise.all([start("ada"), start("ben")]);
  return { scenario, lab, server, ada: stack.use(ada), ben: stack.use(ben), slowWay };
}

/** With its own certificate where clients call it by https and no proxy has one. */
function isTlsServer({ server, proxy }: Scenario): boolean {
  return proxy === undefined && new URL(server).protocol === "https:";
}

function serverFlags(scenario: Scenario): readonly string[] {
  const hasChromium = PEOPLE.some((person) => clientOf(scenario, person) === "chromium");
  return [
    ...(isTlsServer(scenario) ? [] : ["--tls", "off"]),
    ...(hasChromium ? [] : ["--no-web-client"]),
    ...(scenario.withoutStun === undefined ? [] : ["--stun-port", "off"]),
  ];
}

/** What goes before a Node client's command, so that it knows the server's certificate. */
async function trustOwnCertificate(
  scenario: Scenario,
  dataFolder: string,
): Promise<readonly string[]> {
  if (!isTlsServer(scenario)) return [];
  await ownCertificate(dataFolder, [new URL(scenario.server).hostname]);
  return ["env", `NODE_EXTRA_CA_CERTS=${ownCertificateFile(dataFolder)}`];
}

function whereToListen({ server, proxy }: Scenario): { host: string; port: number } {
  if (proxy !== undefined) return { host: "127.0.0.1", port: PORT };
  return { host: "::", port: Number(new URL(server).port) };
}
