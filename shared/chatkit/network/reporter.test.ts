import * as v from "valibot";
import { beforeEach, expect, test } from "vitest";
import { DeviceId, encodeId, ID_BYTES, type ExaminationMessage } from "../../protocol/index.ts";
import type { NetworkSurvey } from "../api.ts";
import { MAX_REPORTS_NOTED, REPORT_EVERY_MS } from "../limits.ts";
import { LinkError, type Link } from "../link.ts";
import { FakeClock } from "../testing/fake-clock.ts";
import { userIdOf } from "../testing/test-ids.ts";
import { MemoryLog } from "../testing/test-ports.ts";
import { Reporter } from "./reporter.ts";

const survey: NetworkSurvey = {
  server: { state: "ok", roundTripMs: 1 },
  udp: "ok",
  turn: "none",
  multicast: "none",
  policy: "automatic",
};

let clock: FakeClock;
let told: { readonly over: Link; readonly message: ExaminationMessage }[];
let closed: Set<Link>;
let open: Link[];
let reporter: Reporter;

beforeEach(() => {
  clock = new FakeClock();
  told = [];
  closed = new Set();
  open = [];
  reporter = new Reporter({
    ports: { clock, log: new MemoryLog() },
    links: { openLinks: () => open },
    routes: { of: (userId) => ({ userId, own: "relay-only", theirs: "automatic" }) },
    surveyor: { survey: async (policy) => ({ ...survey, policy }) },
    talk: {
      send: (over, message) => {
        if (closed.has(over)) throw new LinkError("closed", "closed");
        told.push({ over, message });
      },
    },
  });
});

function linkFrom(n: number, kind: Link["kind"] = "relay"): Link {
  const bytes = new Uint8Array(ID_BYTES);
  bytes.set([n & 0xff, n >> 8]);
  const deviceId = v.parse(DeviceId, encodeId(bytes));
  return {
    kind,
    peer: { userId: userIdOf(1), deviceId },
    bufferedAmount: 0,
    writable: true,
    send: () => {},
    close: () => {},
  };
}

test("X3 the answer goes back the way the question came, with the policy towards who asks", async () => {
  const link = linkFrom(1);
  await reporter.answer(link, "q");
  expect(told).toEqual([
    {
      over: link,
      message: { version: 1, type: "report", id: "q", survey: { ...survey, policy: "relay-only" } },
    },
  ]);
});

test("X3 where that way has ended another one is taken, and none where there is none", async () => {
  const [relay, direct] = [linkFrom(1), linkFrom(1, "direct")];
  closed.add(relay);
  open = [relay, direct];
  await reporter.answer(relay, "q");
  expect(told.map(({ over }) => over)).toEqual([direct]);
  await clock.advance(REPORT_EVERY_MS);
  open = [];
  await reporter.answer(relay, "q");
  expect(told).toHaveLength(1);
});

test("X3 each device is told at most every so often, whatever way it asks", async () => {
  await reporter.answer(linkFrom(1), "a");
  await reporter.answer(linkFrom(1, "direct"), "b");
  await reporter.answer(linkFrom(2), "c");
  await clock.advance(REPORT_EVERY_MS - 1);
  await reporter.answer(linkFrom(1), "d");
  await clock.advance(1);
  await reporter.answer(linkFrom(1), "e");
  expect(told.map(({ message }) => message.id)).toEqual(["a", "c", "e"]);
});

test("X3 of very many devices, the ones told longest ago are forgotten, and no others", async () => {
  for (let n = 0; n < MAX_REPORTS_NOTED; n += 1) await reporter.answer(linkFrom(n), "first");
  told.length = 0;
  await reporter.answer(linkFrom(0), "again");
  await reporter.answer(linkFrom(MAX_REPORTS_NOTED), "one too many");
  await reporter.answer(linkFrom(1), "again");
  await reporter.answer(linkFrom(0), "forgotten");
  expect(told.map(({ message }) => message.id)).toEqual(["one too many", "forgotten"]);
});
