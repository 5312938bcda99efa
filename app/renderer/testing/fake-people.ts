import type { Message } from "../../../shared/chatkit/api.ts";
import type { DeliveryState } from "../../../shared/chatkit/delivery/delivery-state.ts";
import {
  encodeId,
  RosterEntry,
  type ConversationId,
  ConversationId as ConversationIdSchema,
  DeviceId,
  MessageId,
  type RosterState,
  type Show,
  UserId,
} from "../../../shared/protocol/index.ts";
import * as v from "valibot";

/** A fixed id for a small number. */
function id(kind: number, number: number): string {
  const bytes = new Uint8Array(16).fill(kind);
  new DataView(bytes.buffer).setUint32(0, number * 2_654_435_761);
  return encodeId(bytes);
}

export const userId = (number: number): UserId => v.parse(UserId, id(1, number));
export const deviceId = (number: number): DeviceId => v.parse(DeviceId, id(2, number));
export const conversationId = (number: number): ConversationId =>
  v.parse(ConversationIdSchema, id(3, number));
const messageId = (number: number): MessageId => v.parse(MessageId, id(4, number));

export interface Person {
  readonly number: number;
  readonly userName: string;
  readonly displayName: string;
  readonly show?: Show;
  readonly statusText?: string;
  readonly group?: string;
  readonly nickname?: string;
  readonly state?: RosterState;
  readonly lastSeen?: number;
}

export function rosterEntry(person: Person): RosterEntry {
  const show = person.show ?? "offline";
  const publicKey = `${"A".repeat(43)}=`;
  return v.parse(RosterEntry, {
    profile: {
      userId: userId(person.number),
      userName: person.userName,
      displayName: person.displayName,
    },
    state: person.state ?? "buddies",
    nickname: person.nickname ?? "",
    group: person.group ?? "",
    devices: [
      { deviceId: deviceId(person.number), name: "Laptop", publicKey },
      { deviceId: deviceId(person.number + 500), name: "Phone", publicKey },
    ],
    logLength: 1,
    presence: {
      show,
      statusText: person.statusText ?? "",
      endpoints:
        show === "offline"
          ? []
          : [
              {
                deviceId: deviceId(person.number),
                observed: { address: "203.0.113.24", port: 51_820 },
                local: [{ address: "192.168.1.42", port: 0 }],
                client: { name: "beeline-desktop", version: "0.1.0" },
              },
            ],
      ...(person.lastSeen === undefined ? {} : { lastSeen: person.lastSeen }),
    },
  });
}

/** Six who show most of what a list can show. */
export function somePeople(now: number): readonly Person[] {
  return [
    {
      number: 1,
      userName: "grace",
      displayName: "Grace Hopper",
      show: "online",
      statusText: "Compiling, back soon",
      group: "Work",
    },
    {
      number: 2,
      userName: "linus",
      displayName: "Linus Ekström",
      show: "busy",
      statusText: "In a call until three",
      group: "Work",
    },
    {
      number: 3,
      userName: "xiaoyu",
      displayName: "林小雨",
      show: "online",
      statusText: "今天去爬山 ⛰️",
      group: "Friends",
    },
    {
      number: 4,
      userName: "amara",
      displayName: "Amara Okafor",
      lastSeen: now - 47 * 60_000,
      group: "Friends",
    },
    { number: 5, userName: "noor", displayName: "نور الهاشمي", show: "away", group: "Friends" },
    {
      number: 6,
      userName: "mum",
      displayName: "Ingrid Byron",
      nickname: "Mum",
      lastSeen: now - 26 * 3_600_000,
    },
    { number: 7, userName: "kenji", displayName: "Kenji Sato", state: "pending" },
    { number: 8, userName: "tove", displayName: "Tove Lind", state: "requested" },
    { number: 9, userName: "spam_king", displayName: "Best Deals 24/7", state: "blocked" },
  ];
}

/** `[minutes ago, own, text, delivery]` */
export type Line = readonly [number, boolean, string, DeliveryState?];

const direct = { path: "direct", reason: "link-open" } as const;
const read = (path: "direct" | "relayed" | "stored" = "direct"): DeliveryState => ({
  state: "read",
  path,
  reason: path === "direct" ? "link-open" : path === "stored" ? "offline" : "link-failed",
  at: Date.now(),
});

/** What was said with each, oldest first. */
export function someLines(number: number): readonly Line[] {
  const day = 24 * 60;
  switch (number) {
    case 1:
      return [
        ...earlier(180),
        [
          2 * day + 65,
          false,
          "The lab's new switch is in. Everything on the second floor should be direct now.",
        ],
        [2 * day + 64, true, "Saw it: 0.8 ms to your desk. That is faster than shouting.", read()],
        [2 * day + 20, true, "🎉", read()],
        [day + 130, true, "I'll be on the train until six, leave me whatever you find.", read()],
        [day + 90, false, "Found a moth in relay 70.", { state: "received", path: "stored" }],
        [
          day + 89,
          false,
          "Taped it into the logbook, page 92. Notes are at https://wiki.lab.example/logbook/92 – tell me if the link works from outside.",
          { state: "received", path: "stored" },
        ],
        [
          day + 12,
          true,
          "Works, but only over the relay: the hotel's firewall is grumpy.",
          read("relayed"),
        ],
        [58, false, "Morning! Did the hotel let you out?"],
        [
          57,
          true,
          "Yes, and look at the little line under this message: straight from my machine to yours.",
          read(),
        ],
        [
          55,
          true,
          "Could you send me the numbers for the throughput run?\n\n• 16 KiB chunks\n• one core\n• no TLS",
          read(),
        ],
        [31, false, "About 70 MB/s over the direct link. I'd call that a bee line 🐝"],
        [30, false, "Lunch at the usual place?"],
        [2, true, "Perfect. See you at twelve.", { state: "delivered", ...direct, at: Date.now() }],
      ];
    case 2:
      return [
        [220, false, "Do you have ten minutes for the router config?"],
        [218, true, "After three?", read()],
        [26, false, "Works for me."],
        [25, false, "I pushed the new address plan, please look at the VLAN for the guests."],
        [24, false, "`10.20.0.0/22` is tight but it holds."],
      ];
    case 3:
      return [
        [95, false, "周末去爬山吗？天气预报说会是晴天。"],
        [
          92,
          true,
          "好啊！几点出发？",
          { state: "read", path: "relayed", reason: "link-failed", at: Date.now() },
        ],
        [
          90,
          false,
          "早上七点，老地方见。记得带水和防晒霜 ☀️",
          { state: "received", path: "relayed" },
        ],
      ];
    case 4:
      return [
        [day + 30, false, "Landed! Talk tomorrow."],
        [
          40,
          true,
          "Welcome back. The keys are with the neighbours.",
          { state: "sent", path: "stored", reason: "offline" },
        ],
      ];
    case 5:
      return [
        [3 * day, false, "مرحبا! هل وصلتك الصور من الرحلة؟"],
        [3 * day - 4, true, "نعم، شكراً! رائعة جداً", read()],
        [
          3 * day - 9,
          true,
          "<script>alert('still just text')</script>",
          { state: "failed", reason: "expired" },
        ],
      ];
    case 6:
      return [[8 * day, false, "Call me when you can ❤️", { state: "received", path: "stored" }]];
    default:
      return [];
  }
}

function earlier(count: number): readonly Line[] {
  return Array.from({ length: count }, (_, index): Line => {
    const minutes = 20 * 24 * 60 - index * 95;
    const texts = [
      "Noted.",
      "Let me check and come back to you.",
      "The build is green again.",
      "Great, thank you!",
      "Which room?",
      "Second floor, the one with the plant.",
    ];
    const text = texts[index % texts.length] ?? "";
    return index % 3 === 1 ? [minutes, true, text, read()] : [minutes, false, text];
  });
}

export function message(number: number, index: number, line: Line, now: number): Message {
  const [minutes, own, text, delivery] = line;
  const at = now - minutes * 60_000;
  return {
    id: messageId(number * 10_000 + index),
    conversationId: conversationId(number),
    from: own ? userId(0) : userId(number),
    own,
    order: at.toString(16).padStart(12, "0") + index.toString(16).padStart(4, "0"),
    sentAt: at,
    receivedAt: at,
    body: { type: "text", text },
    delivery: delivery ?? { state: "received", path: "direct" },
    reactions: [],
  };
}
