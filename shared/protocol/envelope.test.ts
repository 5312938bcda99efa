import fc from "fast-check";
import * as v from "valibot";
import { expect, test } from "vitest";
import {
  decodeEnvelope,
  encodeEnvelope,
  encodeEnvelopeHeader,
  ENVELOPE_HEADER_BYTES,
  MAX_SEALED_BYTES,
} from "./envelope.ts";
import { ProtocolError } from "./errors.ts";
import { ConversationId, DeviceId, encodeId, ID_BYTES, MessageId } from "./ids.ts";

const id = fc.uint8Array({ minLength: ID_BYTES, maxLength: ID_BYTES }).map(encodeId);

const envelope = fc
  .record({
    sequence: fc.integer({ min: 1, max: 0xffffffff }),
    gap: fc.nat(1000),
    id: id.map((text) => v.parse(MessageId, text)),
    conversationId: id.map((text) => v.parse(ConversationId, text)),
    from: id.map((text) => v.parse(DeviceId, text)),
    to: id.map((text) => v.parse(DeviceId, text)),
    sealed: fc.uint8Array({ minLength: 1, maxLength: 300 }),
  })
  .map(({ gap, ...rest }) => ({ ...rest, after: Math.max(0, rest.sequence - 1 - gap) }));

test("an envelope survives its encoding", () => {
  fc.assert(
    fc.property(envelope, (original) => {
      const bytes = encodeEnvelope(original);
      expect(decodeEnvelope(bytes)).toEqual(original);
      expect(bytes.subarray(0, ENVELOPE_HEADER_BYTES)).toEqual(encodeEnvelopeHeader(original));
    }),
  );
});

test("W3: foreign bytes give a typed error or an envelope, nothing else", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.boolean(), (bytes, versioned) => {
      if (versioned) bytes[0] = 1;
      try {
        decodeEnvelope(bytes);
      } catch (error) {
        // Any other is the counterexample.
        if (!(error instanceof ProtocolError)) throw error;
      }
    }),
    { numRuns: 2000 },
  );
});

test("W3: an envelope cut anywhere in its header is refused", () => {
  const [sample] = fc.sample(envelope, 1);
  if (sample === undefined) throw new Error("no sample");
  const bytes = encodeEnvelope(sample);
  for (let length = 0; length <= ENVELOPE_HEADER_BYTES; length++) {
    expect(() => decodeEnvelope(bytes.subarray(0, length))).toThrow(ProtocolError);
  }
});

test("W3: a message cannot come after itself", () => {
  const [sample] = fc.sample(envelope, 1);
  if (sample === undefined) throw new Error("no sample");
  expect(() => decodeEnvelope(encodeEnvelope({ ...sample, sequence: 5, after: 5 }))).toThrow(
    ProtocolError,
  );
});

test("W3: more than fits is refused on both ends", () => {
  const [sample] = fc.sample(envelope, 1);
  if (sample === undefined) throw new Error("no sample");
  const fits = encodeEnvelope({ ...sample, sealed: new Uint8Array(MAX_SEALED_BYTES) });
  expect(decodeEnvelope(fits).sealed).toHaveLength(MAX_SEALED_BYTES);
  expect(() => encodeEnvelope({ ...sample, sealed: new Uint8Array(MAX_SEALED_BYTES + 1) })).toThrow(
    ProtocolError,
  );
  expect(() => decodeEnvelope(new Uint8Array(fits.length + 1))).toThrow(ProtocolError);
});
