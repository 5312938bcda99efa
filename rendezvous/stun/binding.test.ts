import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { answerBinding, MAX_GROWTH_BYTES } from "./binding.ts";
import { decodeXorAddress, encodeXorAddress } from "./mapped-address.ts";
import {
  attributes,
  BINDING_ERROR,
  BINDING_REQUEST,
  BINDING_SUCCESS,
  decodeStun,
  encodeStun,
  type StunAttribute,
  type StunMessage,
} from "./stun-message.ts";

const V4 = { address: "192.0.2.1", port: 32_853 };
const V6 = { address: "2001:db8:1234:5678:11:2233:4455:6677", port: 32_853 };
const TRANSACTION = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12);

function hex(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text.replaceAll(/\s/g, ""), "hex"));
}

/** RFC 5769 §2.1: an ICE agent's request with integrity and fingerprint. */
const SAMPLE_REQUEST = hex(`
  0001 0058 2112a442 b7e7a701 bc34d686 fa87dfae
  8022 0010 5354554e 20746573 7420636c 69656e74
  0024 0004 6e0001ff
  8029 0008 932ff9b1 51263b36
  0006 0009 6576746a 3a683676 59202020
  0008 0014 9aeaa70c bfd8cb56 781ef2b5 b2d3f249 c1b571a2
  8028 0004 e57a3bcf`);
/** RFC 5769 §2.2 and §2.3: its answers. */
const SAMPLE_IPV4 = hex(`
  0101 003c 2112a442 b7e7a701 bc34d686 fa87dfae
  8022 000b 74657374 20766563 746f7220
  0020 0008 0001a147 e112a643
  0008 0014 2b91f599 fd9e90c3 8c7489f9 2af9ba53 f06be7d7
  8028 0004 c07d4c96`);
const SAMPLE_IPV6 = hex(`
  0101 0048 2112a442 b7e7a701 bc34d686 fa87dfae
  8022 000b 74657374 20766563 746f7220
  0020 0014 0002a147 0113a9fa a5d3f179 bc25f4b5 bed2b9d9
  0008 0014 a382954e 4be67bf1 1784c97c 8292c275 bfe3ed41
  8028 0004 c8fb0b4c`);

function request(sent: readonly StunAttribute[] = [], hasFingerprint = false): Uint8Array {
  const type = BINDING_REQUEST;
  return encodeStun({ type, transactionId: TRANSACTION, attributes: sent, hasFingerprint });
}

function answered(datagram: Uint8Array, source = V4): StunMessage | undefined {
  const answer = answerBinding(datagram, source);
  return answer && decodeStun(answer.datagram);
}

function mapped(message: StunMessage | undefined) {
  const value = message?.attributes.find(({ type }) => type === attributes.XOR_MAPPED_ADDRESS);
  return value && message && decodeXorAddress(value.value, message.transactionId);
}

describe("the test vectors of RFC 5769", () => {
  test("its answers carry the address that it says", () => {
    expect(mapped(decodeStun(SAMPLE_IPV4))).toEqual(V4);
    expect(mapped(decodeStun(SAMPLE_IPV6))).toEqual(V6);
  });

  test("the address is written as there", () => {
    const { transactionId } = decodeStun(SAMPLE_REQUEST) ?? { transactionId: TRANSACTION };
    expect(encodeXorAddress(V4, transactionId)).toEqual(SAMPLE_IPV4.subarray(40, 48));
    expect(encodeXorAddress(V6, transactionId)).toEqual(SAMPLE_IPV6.subarray(40, 60));
  });

  test("N3 its request asks for ICE, which is not spoken here: 420", () => {
    const answer = answerBinding(SAMPLE_REQUEST, V4);
    expect(answer?.outcome).toBe("refused");
    const message = decodeStun(answer?.datagram ?? new Uint8Array());
    expect(message).toMatchObject({
      type: BINDING_ERROR,
      hasFingerprint: true,
      attributes: [
        { type: attributes.ERROR_CODE, value: Uint8Array.of(0, 0, 4, 20) },
        // PRIORITY; what need not be understood is not named.
        { type: attributes.UNKNOWN_ATTRIBUTES, value: Uint8Array.of(0, 0x24) },
      ],
    });
  });

  test("a fingerprint that is wrong is no STUN", () => {
    for (const sample of [SAMPLE_REQUEST, SAMPLE_IPV4, SAMPLE_IPV6]) {
      const damaged = sample.with(sample.length - 1, (sample.at(-1) ?? 0) ^ 1);
      expect(decodeStun(sample)).toBeDefined();
      expect(decodeStun(damaged)).toBeUndefined();
    }
  });
});

test("N1 a request of twenty bytes gets the address it came from, in 32 or 44 bytes", () => {
  expect(request()).toHaveLength(20);
  expect(answerBinding(request(), V4)?.datagram).toHaveLength(32);
  expect(answerBinding(request(), V6)?.datagram).toHaveLength(44);
  expect(mapped(answered(request(), V4))).toEqual(V4);
  expect(mapped(answered(request(), V6))).toEqual(V6);
  expect(answered(request())).toMatchObject({
    type: BINDING_SUCCESS,
    transactionId: TRANSACTION,
    hasFingerprint: false,
  });
});

test("a request with a fingerprint gets an answer with one", () => {
  expect(answered(request([], true))?.hasFingerprint).toBe(true);
});

test("what is known and of no use, or need not be understood, is passed over", () => {
  const sent = [
    { type: 0x8022, value: new Uint8Array(5) },
    { type: attributes.USERNAME, value: new Uint8Array(3) },
    { type: attributes.MESSAGE_INTEGRITY, value: new Uint8Array(20) },
    // Behind the integrity nothing counts (RFC 8489 §14.5).
    { type: 0x0024, value: new Uint8Array(4) },
  ];
  expect(mapped(answered(request(sent)))).toEqual(V4);
});

test("N3 unknown attributes that must be understood are each named once", () => {
  const sent = [0x0003, 0x0027, 0x0003].map((type) => ({ type, value: new Uint8Array(4) }));
  expect(answered(request(sent))?.attributes[1]).toEqual({
    type: attributes.UNKNOWN_ATTRIBUTES,
    value: Uint8Array.of(0, 3, 0, 0x27),
  });
});

test("N2 nothing but a Binding request is answered", () => {
  const bytes = request();
  const silent: [string, Uint8Array][] = [
    ["nothing", new Uint8Array()],
    ["too short", bytes.subarray(0, 16)],
    ["longer than it says", Uint8Array.of(...bytes, 0, 0, 0, 0)],
    ["no multiple of four", Uint8Array.of(...bytes, 0)],
    ["no cookie, as in RFC 3489", bytes.with(4, 0)],
    ["channel data", bytes.with(0, 0x40)],
    ["DTLS", bytes.with(0, 22)],
    ["an indication", bytes.with(1, 0x11)],
    ["a success", bytes.with(0, 1)],
    [
      "an error",
      Uint8Array.of(...bytes)
        .with(0, 1)
        .with(1, 0x11),
    ],
    ["TURN's Allocate", bytes.with(1, 3)],
    [
      "an attribute beyond the end",
      request([{ type: 0x8022, value: new Uint8Array(4) }]).with(23, 9),
    ],
    ["a fingerprint of eight bytes", request([{ type: 0x8028, value: new Uint8Array(8) }])],
    ["too long", request([{ type: 0x8022, value: new Uint8Array(1280) }])],
  ];
  for (const [what, datagram] of silent) {
    expect(answerBinding(datagram, V4), what).toBeUndefined();
  }
  expect(answerBinding(bytes, { ...V4, port: 0 })).toBeUndefined();
  expect(answerBinding(bytes, { ...V4, address: "nowhere" })).toBeUndefined();
});

test("N2 whatever comes, nothing breaks and no answer is much longer", () => {
  const attribute = fc.record({
    type: fc.oneof(fc.nat(0xffff), fc.constantFrom(...Object.values(attributes), 0x24, 0x8022)),
    value: fc.uint8Array({ maxLength: 40 }),
  });
  const whole = fc
    .tuple(fc.array(attribute, { maxLength: 60 }), fc.boolean())
    .map(([sent, hasFingerprint]) => request(sent, hasFingerprint));
  const damaged = fc
    .tuple(whole, fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 4 }), fc.nat(40))
    .map(([bytes, changes, cut]) => {
      const copy = Uint8Array.from(bytes);
      for (const [at, byte] of changes) copy[at % copy.length] = byte;
      return copy.subarray(0, copy.length - cut);
    });
  let answers = 0;
  fc.assert(
    fc.property(
      fc.oneof(whole, damaged, fc.uint8Array({ maxLength: 200 })),
      fc.constantFrom(V4, V6),
      (bytes, source) => {
        const answer = answerBinding(bytes, source);
        if (answer === undefined) return;
        answers += 1;
        expect(answer.datagram.length).toBeLessThanOrEqual(bytes.length + MAX_GROWTH_BYTES);
        expect(decodeStun(answer.datagram)?.type).toBe(
          answer.outcome === "answered" ? BINDING_SUCCESS : BINDING_ERROR,
        );
      },
    ),
    { numRuns: 5_000, interruptAfterTimeLimit: 2_000 },
  );
  expect(answers).toBeGreaterThan(100);
});
