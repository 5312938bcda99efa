/** Many ChatKit clients in one process: a hub and everybody around it. */
import { setTimeout as delay } from "node:timers/promises";
import * as v from "valibot";
import { createNodePorts } from "../../app/cli/ports/node-ports.ts";
import type { Message } from "../../shared/chatkit/api.ts";
import { ChatKit } from "../../shared/chatkit/chatkit.ts";
import { opaquePasswords } from "../../shared/chatkit/connection/opaque-passwords.ts";
import { MemoryStores } from "../../shared/chatkit/testing/memory-store.ts";
import { serve } from "./rpc.ts";
import { CHEAP_STRETCHING } from "./wire-client.ts";

const Run = v.object({
  address: v.string(),
  dataFolder: v.string(),
  crowd: v.number(),
  messages: v.number(),
});

serve({
  async run(args) {
    const { address, dataFolder, crowd, messages } = v.parse(Run, args);
    const tally = new Tally();
    const join = async (userName: string): Promise<ChatKit> => {
      const kit = new ChatKit({
        server: address,
        host: { client: { name: "beeline-bench", version: "0.1.0" }, deviceName: userName },
        // In memory: 201 databases in one process would measure the disk.
        ports: {
          ...createNodePorts({ dataFolder, peers: false }),
          stores: new MemoryStores(),
          // Two hundred passwords are another figure.
          passwords: opaquePasswords(CHEAP_STRETCHING),
        },
      });
      kit.on("message", (message) => {
        if (!message.own) tally.receive(userName, message);
      });
      await kit.register({ userName, password: "bench password" });
      return kit;
    };
    const hub = await join("hub");
    const kits: ChatKit[] = [];
    for (let index = 0; index < crowd; index++) {
      const kit = await join(`member-${index}`);
      kits.push(kit);
      await kit.roster.add("hub");
    }
    while (hub.roster.entries().length < crowd) await delay(10);
    for (const { profile } of hub.roster.entries()) await hub.roster.accept(profile.userId);
    const buddiesOf = (kit: ChatKit) => {
      return kit.roster.entries().filter(({ state, devices }) => {
        return state === "buddies" && devices.length > 0;
      });
    };
    const everyoneKnown = (): boolean =>
      buddiesOf(hub).length === crowd && kits.every((kit) => buddiesOf(kit).length === 1);
    while (!everyoneKnown()) await delay(10);

    const started = performance.now();
    const talk = async (kit: ChatKit): Promise<void> => {
      const conversations = await Promise.all(
        buddiesOf(kit).map(({ profile }) => kit.conversations.withPeer(profile.userId)),
      );
      for (let number = 0; number < messages; number++) {
        await Promise.all(
          conversations.map(({ conversationId }) => kit.send(conversationId, `number ${number}`)),
        );
      }
    };
    await Promise.all([hub, ...kits].map(talk));
    const expected = 2 * crowd * messages;
    const deadline = performance.now() + 120_000;
    while (tally.received < expected && performance.now() < deadline) await delay(10);
    const seconds = (performance.now() - started) / 1000;
    // Anything doubled comes late: the time-out after which a message is sent again.
    await delay(2_000);
    await Promise.all([hub, ...kits].map((kit) => kit.close()));
    return { ...tally.counts(), sent: expected, seconds };
  },
});

/** What arrived where, and whether in order. */
class Tally {
  received = 0;
  readonly #seen = new Set<string>();
  readonly #last = new Map<string, number>();
  #duplicated = 0;
  #outOfOrder = 0;

  receive(by: string, { id, from, body }: Message): void {
    if (body.type !== "text" || typeof body["text"] !== "string") return;
    if (this.#seen.has(`${by} ${id}`)) {
      this.#duplicated++;
      return;
    }
    this.#seen.add(`${by} ${id}`);
    this.received++;
    const way = `${from} ${by}`;
    const number = Number(body["text"].split(" ")[1]);
    if (number !== (this.#last.get(way) ?? -1) + 1) this.#outOfOrder++;
    this.#last.set(way, number);
  }

  counts(): { received: number; duplicated: number; outOfOrder: number } {
    return { received: this.received, duplicated: this.#duplicated, outOfOrder: this.#outOfOrder };
  }
}
