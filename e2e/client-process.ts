/**
 * A client in a process of its own, told what to do line by line on its standard input
 * (`client-wire.ts`; the other end is `client-driver.ts`).
 *
 * Arguments: the server's address, the data folder, and `lan` where it is there on the local network.
 */
import { createInterface } from "node:readline";
import * as v from "valibot";
import { createNodePorts } from "../app/cli/ports/node-ports.ts";
import { ChatKitError, type LinkStatus, type Message } from "../shared/chatkit/api.ts";
import { assertNever } from "../shared/chatkit/assert-never.ts";
import { ChatKit } from "../shared/chatkit/chatkit.ts";
import { canonicalUserName, type RosterEntry, type UserId } from "../shared/protocol/index.ts";
import {
  Request,
  type ChatMessage,
  type ClientEvent,
  type ClientLink,
  type Command,
  type Sent,
} from "./client-wire.ts";
import { CuttablePeers } from "./cuttable-peers.ts";

const [server = "", dataFolder = "", lan] = process.argv.slice(2);
const { peers, ...ports } = createNodePorts({ dataFolder, lan: lan === "lan" });
const cuttable = peers === undefined ? undefined : new CuttablePeers(peers);
const kit = new ChatKit({
  server,
  host: { client: { name: "beeline-e2e", version: "0.1.0" }, deviceName: "test" },
  ports: cuttable === undefined ? ports : { ...ports, peers: cuttable },
});

kit.on("connection", ({ state }) => tell({ event: "connection", state }));
kit.on("roster", ({ profile: { userName }, state, presence: { show } }) =>
  tell({ event: "roster", userName, state, show }),
);
kit.on("message", (message) => {
  if (message.own) return;
  tell({ event: "message", message: plain(message), at: performance.now() });
});
kit.on("messageChanged", (message) =>
  tell({ event: "messageChanged", message: plain(message), at: performance.now() }),
);
kit.on("link", (link) => tell({ event: "link", link: plainLink(link) }));
kit.on("notice", ({ kind, detail }) => tell({ event: "notice", kind, detail }));

const lines = createInterface({ input: process.stdin });
for await (const line of lines) {
  const { id, command } = v.parse(Request, JSON.parse(line));
  // Commands overlap, as a person's would; each answers when it is done.
  void answer(id, command);
}
await kit.close();
process.stdout.write("", () => process.exit(0));

async function answer(id: number, command: Command): Promise<void> {
  try {
    write({ id, result: (await run(command)) ?? null });
  } catch (error) {
    const reason = error instanceof ChatKitError ? error.reason : "failed";
    write({
      id,
      error: { reason, message: error instanceof Error ? error.message : String(error) },
    });
  }
  if (command.command === "close") lines.close();
}

async function run(command: Command): Promise<unknown> {
  switch (command.command) {
    case "register":
      await kit.register(command);
      return undefined;
    case "signIn":
      await kit.signIn(command);
      return undefined;
    case "restore":
      return kit.restore(command.userName);
    case "add":
      return (await kit.roster.add(command.userName)).state;
    case "accept":
      return (await kit.roster.accept(userIdOf(command.userName))).state;
    case "send":
      return send(command.to, command.text);
    case "history": {
      const { conversationId } = await kit.conversations.withPeer(userIdOf(command.with));
      return (await kit.history(conversationId, { limit: command.limit })).map(plain);
    }
    case "links":
      return kit.links().map(plainLink);
    case "setRoute":
      await kit.network.setRoute(userIdOf(command.userName), command.policy);
      return undefined;
    case "cutDirect":
      cuttable?.cut();
      return undefined;
    case "restoreDirect":
      cuttable?.restore();
      return undefined;
    case "close":
      return kit.close();
    default:
      return assertNever(command);
  }
}

async function send(to: string, text: string): Promise<Sent> {
  const at = performance.now();
  const { conversationId } = await kit.conversations.withPeer(userIdOf(to));
  const { id } = await kit.send(conversationId, text);
  return { id, at };
}

function userIdOf(userName: string): UserId {
  const wanted = canonicalUserName(userName);
  const isWanted = ({ profile }: RosterEntry) => canonicalUserName(profile.userName) === wanted;
  const entry = kit.roster.entries().find(isWanted);
  if (entry === undefined) throw new Error(`${userName} is not on the roster`);
  return entry.profile.userId;
}

function plain({ id, from, own, body, delivery }: Message): ChatMessage {
  return {
    id,
    from,
    own,
    text: "text" in body && typeof body.text === "string" ? body.text : "",
    state: delivery.state,
    ...("path" in delivery ? { path: delivery.path } : {}),
    ...("reason" in delivery ? { reason: delivery.reason } : {}),
  };
}

function plainLink({ userId, direct, relay, pair }: LinkStatus): ClientLink {
  return {
    userName: kit.roster.get(userId)?.profile.userName ?? "",
    direct,
    relay,
    ...(pair === undefined ? {} : { pair }),
  };
}

function tell(event: ClientEvent): void {
  write(event);
}

function write(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}
