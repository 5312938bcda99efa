import { hexToBytes } from "@noble/hashes/utils.js";
import fc from "fast-check";
import type { ClientState, GroupContext } from "ts-mls";
import { createApplicationMessage } from "ts-mls/createMessage.js";
import { encodeMlsMessage } from "ts-mls/message.js";
import { createSecretTree } from "ts-mls/secretTree.js";
import type { RatchetTree } from "ts-mls/ratchetTree.js";
import { expect, test } from "vitest";
import { identityKeysOf } from "../identity.ts";
import { openApplication, sealApplication } from "./application-messages.ts";
import { makeCipherSuites, SUITE_NAMES } from "./cipher-suites.ts";
import { Admission, PAD_TO_BYTES } from "./client-config.ts";
import { epochKeys, unprotect } from "./epoch-keys.ts";
import { decodeApplicationMessage } from "./message-framing.ts";
import { ANYBODY, deviceOf, groupOf } from "./testing/members.ts";
import protections from "./test-vectors/message-protection.json" with { type: "json" };
import { decodeMessage } from "./wire.ts";

const hex = hexToBytes;
const hosts = [
  ["native", crypto.subtle],
  ["portable", undefined],
] as const;

/** Of a group of two, as far as messages go; the second leaf is ours. */
async function stateOf(options: {
  readonly suite: "classic" | "hybrid";
  readonly context: Pick<GroupContext, "groupId" | "epoch" | "treeHash"> & {
    readonly confirmedTranscriptHash: Uint8Array;
  };
  readonly senderDataSecret: Uint8Array;
  readonly encryptionSecret: Uint8Array;
  readonly signature: { readonly secretKey: Uint8Array; readonly publicKey: Uint8Array };
}): Promise<ClientState> {
  const { context, encryptionSecret, senderDataSecret, signature, suite } = options;
  const { kdf } = (await makeCipherSuites(undefined))[suite];
  const none = new Uint8Array(0);
  const ratchetTree: RatchetTree = [
    leafOf(new Uint8Array(32)),
    undefined,
    leafOf(signature.publicKey),
  ];
  return {
    groupContext: { version: "mls10", cipherSuite: SUITE_NAMES[suite], extensions: [], ...context },
    keySchedule: {
      senderDataSecret,
      initSecret: none,
      exporterSecret: none,
      epochAuthenticator: none,
      externalSecret: none,
      confirmationKey: none,
      membershipKey: none,
      resumptionPsk: none,
    },
    secretTree: await createSecretTree(2, encryptionSecret, kdf),
    ratchetTree,
    privatePath: { leafIndex: 1, privateKeys: {} },
    signaturePrivateKey: signature.secretKey,
    confirmationTag: none,
    historicalReceiverData: new Map(),
    unappliedProposals: {},
    groupActiveState: { kind: "active" },
    clientConfig: new Admission(deviceOf(1), ANYBODY).config,
  };
}

function leafOf(signaturePublicKey: Uint8Array): RatchetTree[number] {
  const capabilities = {
    versions: [],
    ciphersuites: [],
    extensions: [],
    proposals: [],
    credentials: [],
  };
  return {
    nodeType: "leaf",
    leaf: {
      hpkePublicKey: new Uint8Array(0),
      signaturePublicKey,
      credential: { credentialType: "basic", identity: new Uint8Array(16) },
      capabilities,
      leafNodeSource: "update",
      extensions: [],
      signature: new Uint8Array(0),
    },
  };
}

for (const [host, subtle] of hosts) {
  test.each(protections)(`${host}: message-protection, by our own framing`, async (vector) => {
    const { classic } = await makeCipherSuites(subtle);
    const state = await stateOf({
      suite: "classic",
      context: {
        groupId: hex(vector.group_id),
        epoch: BigInt(vector.epoch),
        treeHash: hex(vector.tree_hash),
        confirmedTranscriptHash: hex(vector.confirmed_transcript_hash),
      },
      senderDataSecret: hex(vector.sender_data_secret),
      encryptionSecret: hex(vector.encryption_secret),
      signature: { secretKey: hex(vector.signature_priv), publicKey: hex(vector.signature_pub) },
    });
    const sealed = decodeApplicationMessage(hex(vector.application_priv));
    const { opened } = await openApplication(epochKeys(state), sealed, classic);
    expect(opened.plaintext).toEqual(hex(vector.application));
    expect(opened.sender.leaf).toBe(1);
    for (const kind of ["proposal", "commit"] as const) {
      expect(() => decodeApplicationMessage(hex(vector[`${kind}_priv`]))).toThrow(
        "no sealed message",
      );
    }
  });

  test.each(["classic", "hybrid"] as const)(
    `${host}, %s: the library makes the very bytes, and opens them`,
    async (name) => {
      const made = (await makeCipherSuites(subtle))[name];
      // The same reuse guard for both: all else is determined.
      const suite = {
        ...made,
        rng: { randomBytes: (length: number) => new Uint8Array(length).fill(7) },
      };
      const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
      await fc.assert(
        fc.asyncProperty(
          fc.uint8Array({ maxLength: 300 }),
          fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
          fc.uint8Array({ maxLength: 100 }),
          fc.oneof(fc.uint8Array({ maxLength: 300 }), bytes(20_000)),
          bytes(32),
          async (groupId, epoch, additional, plaintext, seed) => {
            const state = await stateOf({
              suite: name,
              context: { groupId, epoch, treeHash: seed, confirmedTranscriptHash: seed },
              senderDataSecret: seed,
              encryptionSecret: seed,
              signature: identityKeysOf(seed),
            });
            let [own, theirs] = [state, state];
            for (let generation = 0; generation < 3; generation += 1) {
              const ours = await sealApplication(own, plaintext, additional, PAD_TO_BYTES, suite);
              const { newState, privateMessage } = await createApplicationMessage(
                theirs,
                plaintext,
                suite,
                additional,
              );
              const encoded = encodeMlsMessage({
                version: "mls10",
                wireformat: "mls_private_message",
                privateMessage,
              });
              expect(ours.message).toEqual(encoded);
              expect(ours.secretTree).toEqual(newState.secretTree);
              const byLibrary = await unprotect(epochKeys(own), privateMessage, suite);
              const message = decodeApplicationMessage(encoded);
              const byUs = await openApplication(epochKeys(own), message, suite);
              expect(byUs.opened.plaintext).toEqual(plaintext);
              expect(byUs.opened.additional).toEqual(additional);
              expect(byUs.secretTree).toEqual(byLibrary.tree);
              expect(byUs.consumed).toEqual(byLibrary.consumed);
              [own, theirs] = [{ ...own, secretTree: ours.secretTree }, newState];
            }
          },
        ),
        { numRuns: 10 },
      );
    },
  );
}

test("messages that come in another order leave the ratchets as the library leaves them", async () => {
  const suite = (await makeCipherSuites(undefined)).classic;
  const seed = new Uint8Array(32).fill(3);
  let sender = await stateOf({
    suite: "classic",
    context: { groupId: seed, epoch: 1n, treeHash: seed, confirmedTranscriptHash: seed },
    senderDataSecret: seed,
    encryptionSecret: seed,
    signature: identityKeysOf(seed),
  });
  const receiver = epochKeys(sender);
  const sealed: Uint8Array[] = [];
  for (let generation = 0; generation < 8; generation += 1) {
    const { message, secretTree } = await sealApplication(sender, seed, seed, 0, suite);
    sealed.push(message);
    sender = { ...sender, secretTree };
  }
  let [ours, theirs] = [receiver, receiver];
  for (const generation of [0, 5, 2, 6, 1, 7]) {
    const bytes = sealed[generation] ?? new Uint8Array(0);
    const decoded = decodeMessage(bytes);
    if (decoded.wireformat !== "mls_private_message") throw new Error("not private");
    const { secretTree } = await openApplication(ours, decodeApplicationMessage(bytes), suite);
    const { tree } = await unprotect(theirs, decoded.privateMessage, suite);
    expect(secretTree).toEqual(tree);
    [ours, theirs] = [
      { ...ours, secretTree },
      { ...theirs, secretTree: tree },
    ];
    await expect(
      openApplication(ours, decodeApplicationMessage(bytes), suite),
    ).rejects.toMatchObject({ reason: "used" });
  }
});

test("a length that is not as short as it can be is refused (RFC 9420 §2.1.2)", async () => {
  const [alice, bob] = await groupOf(2);
  const sealed = await alice?.seal(new Uint8Array(3), new Uint8Array(5));
  if (sealed === undefined) throw new Error("nobody there");
  // Version and wire format, then the group's id: its length in two bytes in place of one.
  const length = sealed[4] ?? 0;
  const longer = Uint8Array.from([...sealed.subarray(0, 4), 0x40, length, ...sealed.subarray(5)]);
  await expect(bob?.open(longer)).rejects.toMatchObject({ reason: "malformed" });
  await expect(bob?.open(sealed)).resolves.toMatchObject({ plaintext: new Uint8Array(3) });
});
