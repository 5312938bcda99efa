/** One ChatKit client with the Node ports, driven by the bench. */
import { setTimeout as delay } from "node:timers/promises";
import * as v from "valibot";
import { createNodePorts } from "../../app/cli/ports/node-ports.ts";
import { PathSource } from "../../app/cli/ports/path-source.ts";
import { ChatKit } from "../../shared/chatkit/chatkit.ts";
import { MemoryStores } from "../../shared/chatkit/testing/memory-store.ts";
import { MessageId, type ConversationId } from "../../shared/protocol/index.ts";
import { cast, serve } from "./rpc.ts";
import { timeEach } from "./statistics.ts";

const Start = v.object({
  server: v.string(),
  userName: v.string(),
  dataFolder: v.string(),
  direct: v.boolean(),
  /** Where the history is: `memory` ends with this process. */
  history: v.picklist(["memory", "disk"]),
});

type Start = v.InferOutput<typeof Start>;

/** Outlives an engine, so that `reconnect` finds the account again. */
const memory = new MemoryStores();
let start: Start | undefined;
let kit: ChatKit | undefined;
let conversation: ConversationId | undefined;
let linkOpened = Promise.withResolvers<number>();
const delivered = new Map<MessageId, () => void>();

function engine(): ChatKit {
  if (kit === undefined) throw new Error("not started");
  return kit;
}

function open({ server, userName, dataFolder, direct, history }: Start): ChatKit {
  const ports = createNodePorts({ dataFolder, peers: direct });
  const made = new ChatKit({
    server,
    host: { client: { name: "beeline-bench", version: "0.1.0" }, deviceName: userName },
    ports: history === "memory" ? { ...ports, stores: memory } : ports,
  });
  kit = made;
  made.on("messageChanged", ({ id, delivery }) => {
    if (delivery.state === "delivered") deliveredFirst(id);
  });
  made.on("roster", ({ state, profile }) => {
    if (state === "pending") void made.roster.accept(profile.userId);
  });
  linkOpened = Promise.withResolvers<number>();
  const { resolve } = linkOpened;
  made.on("link", (link) => {
    if (link.direct === "open") resolve(link.openedInMs ?? 0);
  });
  made.on("notice", ({ kind, detail }) => cast("notice", `${kind}: ${detail}`));
  return made;
}

/** Whichever comes first, the receipt or the ping that waits for it. */
function deliveredFirst(id: MessageId): void {
  const waiting = delivered.get(id);
  delivered.delete(id);
  if (waiting === undefined) delivered.set(id, () => undefined);
  else waiting();
}

serve({
  async register(args) {
    start = v.parse(Start, args);
    await open(start).register({ userName: start.userName, password: "bench password" });
  },
  async add(args) {
    await engine().roster.add(v.parse(v.string(), args));
  },
  /** Resolves with the time it took to open the direct link, ms. */
  linkOpened: () => linkOpened.promise,
  /** Goes offline and comes back, so that the next link is a new one. */
  async reconnect() {
    if (start === undefined) throw new Error("not started");
    await engine().close();
    await open(start).restore(start.userName);
  },
  async converse(args) {
    const name = v.parse(v.string(), args);
    const entry = engine()
      .roster.entries()
      .find(({ profile, state }) => profile.userName === name && state === "buddies");
    if (entry === undefined) return false;
    ({ conversationId: conversation } = await engine().conversations.withPeer(
      entry.profile.userId,
    ));
    return true;
  },
  async sendFile(args) {
    if (conversation === undefined) throw new Error("no conversation");
    const source = await PathSource.at(v.parse(v.string(), args));
    return (await engine().files.send(conversation, source)).id;
  },
  /** Resolves with the time from the asking until it is on disk and compared, ms. */
  async fetchFile(args) {
    const id = v.parse(MessageId, args);
    while ((await engine().message(id)) === undefined) await delay(5);
    const done = Promise.withResolvers<void>();
    const stop = engine().on("transfer", (transfer) => {
      if (transfer.messageId === id && transfer.state === "complete") done.resolve();
      if (transfer.messageId === id && transfer.state === "failed") {
        done.reject(new Error(transfer.failure));
      }
    });
    const start = performance.now();
    await engine().files.fetch(id);
    await done.promise;
    stop();
    return performance.now() - start;
  },
  /** Sends one message at a time; a round trip ends when the other side's receipt is here. */
  async ping(args) {
    const { count, bytes } = v.parse(v.object({ count: v.number(), bytes: v.number() }), args);
    const text = "x".repeat(bytes);
    return timeEach(count, async () => {
      if (conversation === undefined) throw new Error("no conversation");
      const { id } = await engine().send(conversation, text);
      if (delivered.delete(id)) return;
      const receipt = Promise.withResolvers<void>();
      delivered.set(id, receipt.resolve);
      await receipt.promise;
    });
  },
});
