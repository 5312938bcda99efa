import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { SettingsFile } from "../app/cli/settings.ts";
import { openSettings } from "../app/main/settings.ts";
import { readSettings } from "../rendezvous/config/read-settings.ts";
import { OperatorError } from "../rendezvous/config/operator-error.ts";
import { startTestServer } from "../rendezvous/testing/test-server.ts";
import {
  decodeDeviceStatement,
  decodeMembershipStatement,
  deviceStatement,
  emptyDeviceList,
  emptyMembership,
  extendDeviceList,
  extendMembership,
  groupConversationBytes,
  identityKeysOf,
  membershipStatement,
} from "../shared/crypto/index.ts";
import {
  Content,
  decodeChannelData,
  decodeEnvelope,
  encodeChannelData,
  encodeId,
  events,
  methods,
  OutgoingSignal,
  parse,
  parseInviteLink,
  parseRequestFrame,
  parseServerFrame,
  ProtocolError,
  requestFrame,
  Signal,
} from "../shared/protocol/index.ts";

/** Each parser is fed for so long at most; the seed of a failure is in its message. */
const LIMIT_MS = 1_000;
const within = { numRuns: 5_000, interruptAfterTimeLimit: LIMIT_MS } as const;

/** A sample with bytes changed, cut out, doubled or put in at any place. */
function damaged(sample: Uint8Array): fc.Arbitrary<Uint8Array> {
  return fc
    .tuple(
      fc.nat(sample.length),
      fc.nat({ max: 16 }),
      fc.uint8Array({ maxLength: 16 }),
      fc.boolean(),
    )
    .map(([at, removed, inserted, twice]) => {
      const head = sample.subarray(0, at);
      const tail = sample.subarray(Math.min(sample.length, at + removed));
      return Uint8Array.of(...head, ...inserted, ...(twice ? inserted : []), ...tail);
    });
}

function bytesLike(...samples: readonly Uint8Array[]): fc.Arbitrary<Uint8Array> {
  return fc.oneof(fc.uint8Array({ maxLength: 512 }), ...samples.map(damaged));
}

function textLike(...samples: readonly string[]): fc.Arbitrary<string> {
  const decoder = new TextDecoder();
  return fc.oneof(
    fc.string({ unit: "binary", maxLength: 300 }),
    fc.json(),
    ...samples.map((sample) => damaged(Buffer.from(sample)).map((bytes) => decoder.decode(bytes))),
  );
}

/** A folder for files of any content; it is removed after the last use, also one that time cut short. */
class FuzzFolder implements AsyncDisposable {
  readonly path: string;
  #last: Promise<void> = Promise.resolve();

  private constructor(path: string) {
    this.path = path;
  }

  static async make(): Promise<FuzzFolder> {
    return new FuzzFolder(await mkdtemp(join(tmpdir(), "beeline-fuzz-")));
  }

  using(texts: fc.Arbitrary<string>, use: (text: string) => Promise<void>) {
    return fc.asyncProperty(texts, (text) => {
      this.#last = use(text);
      return this.#last;
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.allSettled([this.#last]);
    await rm(this.path, { recursive: true, force: true });
  }
}

/** Gives something back or refuses by a typed error; anything else is a bug. */
function survives(use: () => unknown, refusal: new (...args: never[]) => Error): void {
  try {
    use();
  } catch (error) {
    if (!(error instanceof refusal)) throw error;
  }
}

const keys = identityKeysOf(new Uint8Array(32).fill(1));
const list = emptyDeviceList(new Uint8Array(16).fill(2));
const genesis = deviceStatement(
  list,
  keys,
  {
    type: "genesis",
    subject: keys.publicKey,
    passwordKeys: identityKeysOf(new Uint8Array(32).fill(3)),
  },
  1_700_000_000_000,
);
const founder = new Uint8Array(16).fill(2);
const nonce = new Uint8Array(16).fill(4);
const unfounded = emptyMembership(groupConversationBytes(founder, nonce));
const founding = membershipStatement(
  unfounded,
  keys,
  founder,
  {
    type: "found",
    nonce,
    settings: { announcements: true, membersInvite: false },
    members: [new Uint8Array(16).fill(6)],
    about: new Uint8Array(32).fill(7),
  },
  1_700_000_000_000,
);
const id = encodeId(new Uint8Array(16).fill(5));
const pin = "A".repeat(43);

describe("bytes", () => {
  const envelope = new Uint8Array(100).fill(6);
  envelope.set([1, 0, 0, 0, 2, 0, 0, 0, 1]);

  test("W3: envelopes", () => {
    const property = fc.property(bytesLike(envelope), (bytes) =>
      survives(() => decodeEnvelope(bytes), ProtocolError),
    );
    fc.assert(property, within);
  });

  test("W6: channel data", () => {
    const sample = encodeChannelData(7, envelope);
    fc.assert(
      fc.property(bytesLike(sample), (bytes) => {
        decodeChannelData(bytes);
      }),
      within,
    );
  });

  test("statements of device lists: damaged ones are none", () => {
    expect(extendDeviceList(list, genesis)).toBeDefined();
    fc.assert(
      fc.property(bytesLike(genesis), (bytes) => {
        decodeDeviceStatement(bytes);
        fc.pre(!Buffer.from(bytes).equals(genesis));
        expect(extendDeviceList(list, bytes)).toBeUndefined();
      }),
      within,
    );
  });

  test("statements of membership logs: damaged ones are none", () => {
    expect(extendMembership(unfounded, founding)).toBeDefined();
    fc.assert(
      fc.property(bytesLike(founding), (bytes) => {
        decodeMembershipStatement(bytes);
        fc.pre(!Buffer.from(bytes).equals(founding));
        expect(extendMembership(unfounded, bytes)).toBeUndefined();
      }),
      within,
    );
  });
});

describe("text", () => {
  test("W1: frames of clients and of servers", () => {
    const request = requestFrame(1, "server.info", { a: [1, "x"] });
    const event = '{"jsonrpc":"2.0","method":"mailbox.arrived","params":{"count":1}}';
    fc.assert(
      fc.property(textLike(request, event), (text) => {
        survives(() => parseRequestFrame(text), ProtocolError);
        survives(() => parseServerFrame(text), ProtocolError);
      }),
      within,
    );
  });

  test("links with invitations", () => {
    const link = `https://chat.example:8383/#invite=abcDEF-1&pin=${pin}`;
    fc.assert(
      fc.property(textLike(link, link.replace("https", "beeline")), (text) => {
        parseInviteLink(text);
      }),
      within,
    );
  });
});

describe("values", () => {
  const value = fc.oneof(
    fc.jsonValue({ maxDepth: 4 }),
    fc.record(
      { type: fc.constantFrom("offer", "answer", "candidate", "text"), sdp: fc.string() },
      { requiredKeys: [] },
    ),
  );

  test("parameters and results of every method, and every event", () => {
    fc.assert(
      fc.property(value, (json) => {
        for (const { params, result } of Object.values(methods)) {
          survives(() => parse(params, json), ProtocolError);
          survives(() => parse(result, json), ProtocolError);
        }
        for (const schema of Object.values(events)) {
          survives(() => parse(schema, json), ProtocolError);
        }
      }),
      within,
    );
  });

  test("W4, W5: signals and contents", () => {
    const signal = { type: "offer", sdp: "v=0\r\n", signature: "A".repeat(88) };
    const message = { kind: "message", peer: id, at: { ms: 1, counter: 0 } };
    const mixed = fc.oneof(
      value,
      value.map((json) => ({ ...signal, sdp: json })),
      value.map((json) => ({ to: id, linkId: id, signal: json })),
      value.map((json) => ({ ...message, body: json })),
      value.map((json) => ({ kind: "receipt", delivered: json, unreadable: json })),
    );
    fc.assert(
      fc.property(mixed, (json) => {
        for (const schema of [Signal, OutgoingSignal, Content]) {
          survives(() => parse(schema, json), ProtocolError);
        }
      }),
      within,
    );
  });
});

describe("settings", () => {
  test("of the server: a file of any content is read or refused in one line", async () => {
    const sample = 'port = 8383\nname = "Our office"\nregistration = "invite"\n';
    await using folder = await FuzzFolder.make();
    const file = join(folder.path, "beeline.toml");
    const property = folder.using(textLike(sample), async (text) => {
      await writeFile(file, text);
      survives(() => readSettings({ flags: {}, env: {}, file }), OperatorError);
    });
    await fc.assert(property, { ...within, numRuns: 500 });
  });

  test("of the app and the command line: what is damaged is set aside", async () => {
    const app =
      '{"version":1,"values":{"language":"\\"en\\""},"bounds":{"x":0,"y":0,"width":9,"height":9}}';
    const cli = '{"version":1,"server":"https://chat.example","user":"ada"}';
    await using folder = await FuzzFolder.make();
    const { path } = folder;
    const property = folder.using(textLike(app, cli), async (text) => {
      await writeFile(join(path, "settings.json"), text);
      await writeFile(join(path, "cli.json"), text);
      const settings = await openSettings(join(path, "settings.json"), () => undefined);
      settings.get("language");
      await SettingsFile.open(path, () => undefined);
    });
    await fc.assert(property, { ...within, numRuns: 300 });
  });
});

test("a server that is told anything at all lives on, and serves the others", async () => {
  await using server = await startTestServer();
  const ada = await server.register("ada");
  const samples = Object.keys(methods).map((method, n) =>
    requestFrame(n, method, { userName: "ada" }),
  );
  const frames = fc.sample(fc.oneof(textLike(...samples), bytesLike(genesis)), {
    numRuns: 600,
    seed: 20_261_123,
  });
  for (let from = 0; from < frames.length; from += 15) {
    // Fewer than the offences that end a connection, so that all of them are read.
    await using stranger = await server.connect();
    await using member = await server.register(`member${from}`);
    for (const frame of frames.slice(from, from + 15)) {
      stranger.ws.send(frame);
      member.ws.send(frame);
    }
    await stranger.request("server.info", {});
    // It may have been signed out or sent away by what it said; the server is there all the same.
    await Promise.race([member.raw("session.ping", {}).catch(() => undefined), member.closed]);
  }
  expect(await ada.request("session.ping", {})).toEqual({});
});
