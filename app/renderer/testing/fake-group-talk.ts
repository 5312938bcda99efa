import type { Message } from "../../../shared/chatkit/api.ts";
import { EVERYBODY } from "../../../shared/chatkit/conversations/mentions.ts";
import type { DeliveryState } from "../../../shared/chatkit/delivery/delivery-state.ts";
import type { Group, GroupMember, GroupRole } from "../../../shared/chatkit/groups/groups-api.ts";
import type { ConversationId, KeptBody, MembershipNote } from "../../../shared/protocol/index.ts";
import { conversationId, message, userId } from "./fake-people.ts";

/** People of groups who are no buddies. */
export const strangers: ReadonlyMap<number, string> = new Map([
  [31, "Teodora Lind"],
  [32, "Sam Whitcombe"],
  [33, "王立"],
  ...Array.from({ length: 24 }, (_, at) => [700 + at, `Rower ${at + 1}`] as const),
]);

const LAB = 21;
const NEWS = 22;
const HIKE = 23;

export const labId: ConversationId = conversationId(LAB);
export const newsId: ConversationId = conversationId(NEWS);
export const hikeId: ConversationId = conversationId(HIKE);

/** One that is one's own, one of announcements, and one that was left. */
export function someGroups(now: number): readonly Group[] {
  const people = (...all: readonly (readonly [number, GroupRole?])[]): readonly GroupMember[] =>
    all.map(([number, role = "member"]) => ({
      userId: userId(number),
      name: strangers.get(number) ?? "",
      role,
      since: now - 20 * DAY,
    }));
  return [
    {
      conversationId: labId,
      about: {
        name: "Harbour lab",
        description: "Switches, sensors and who has the key to the roof.",
      },
      standing: "member",
      role: "owner",
      announcements: false,
      membersInvite: true,
      members: people([0, "owner"], [1, "admin"], [4], [2], [3], [5], [31], [32], [33], [6]),
    },
    {
      conversationId: newsId,
      about: { name: "Station news" },
      standing: "member",
      role: "member",
      announcements: true,
      membersInvite: false,
      members: people([31, "owner"], [2, "admin"], [0], [1], [3], [4], [32], [33]),
    },
    {
      conversationId: hikeId,
      about: { name: "周末徒步" },
      standing: "left",
      announcements: false,
      membersInvite: false,
      members: people([3, "owner"], [33], [5]),
    },
  ];
}

const DAY = 24 * 60 * 60_000;

type Said = readonly [minutes: number, from: number, what: string | KeptBody, DeliveryState?];

const sent = (state: "delivered" | "read"): DeliveryState => ({
  state,
  path: "direct",
  reason: "link-open",
  at: Date.now(),
});

/** What was said in each, oldest first. */
export function groupTalk(now: number): ReadonlyMap<ConversationId, readonly Message[]> {
  return new Map([
    [
      labId,
      talk(LAB, now, [
        [26 * 60, 0, news("found", 0, [1, 2, 3, 4, 5, 31])],
        [26 * 60 - 1, 0, "Everything about the second floor goes here from now on.", sent("read")],
        [25 * 60, 1, "Good idea. I have the plan of the cabling, it comes tonight."],
        [24 * 60, 1, news("invite", 1, [32, 33])],
        [190, 31, "The sensor on the pier has been silent since four."],
        [189, 31, "Battery, I think. Has anybody been out there?"],
        [184, 3, "我昨天去过，电池是满的。可能是天线。"],
        [183, 1, "Then it is the antenna. @Ada Lovelace has the key to the roof."],
        [150, 0, "On my way up. Who comes along?", sent("read")],
        [149, 2, "Five minutes, I bring the meter."],
        [140, 0, news("role", 0, [1], "admin")],
        [
          24,
          1,
          {
            type: "text",
            text: "@all please leave the rack closed tonight, the filter is new.",
            mentions: [{ userId: EVERYBODY, start: 0, length: 4 }],
          },
        ],
        [12, 4, "Will do 👍"],
        [9, 5, "تمام، شكراً"],
        [3, 0, "Antenna is fixed: −71 dBm again.", sent("delivered")],
      ]),
    ],
    [
      newsId,
      talk(NEWS, now, [
        [4 * 24 * 60, 31, news("found", 31, [0, 1, 2, 3, 4])],
        [4 * 24 * 60 - 2, 31, "Here you get what everybody has to know, and nothing else."],
        [70, 2, "Water will be off on Thursday between nine and eleven."],
      ]),
    ],
    [
      hikeId,
      talk(HIKE, now, [
        [9 * 24 * 60, 3, news("found", 3, [0, 33, 5])],
        [8 * 24 * 60, 33, "下周六七点，东门见。"],
        [7 * 24 * 60, 0, news("leave", 0)],
      ]),
    ],
  ]);
}

function talk(group: number, now: number, lines: readonly Said[]): readonly Message[] {
  return lines.map(([minutes, from, what, delivery], index) => ({
    ...message(group, index, [minutes, from === 0, ""], now),
    from: userId(from),
    ...(delivery === undefined ? {} : { delivery }),
    body: typeof what === "string" ? mentioning(what) : what,
  }));
}

function mentioning(text: string): KeptBody {
  const name = "@Ada Lovelace";
  const start = text.indexOf(name);
  const mentions = [{ userId: userId(0), start, length: name.length }];
  return { type: "text", text, ...(start < 0 ? {} : { mentions }) };
}

function news(
  change: MembershipNote["change"],
  by: number,
  people: readonly number[] = [],
  role?: GroupRole,
): MembershipNote {
  return {
    type: "membership",
    change,
    by: userId(by),
    ...(people.length === 0 ? {} : { people: people.map(userId) }),
    ...(role === undefined ? {} : { role }),
  };
}
