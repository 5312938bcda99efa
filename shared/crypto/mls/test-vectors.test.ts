import { hexToBytes } from "@noble/hashes/utils.js";
import { expect, test } from "vitest";
import type { GroupContext } from "ts-mls";
import { joinGroup, makePskIndex } from "ts-mls/clientState.js";
import { decodeAuthenticatedContent } from "ts-mls/authenticatedContent.js";
import { refhash } from "ts-mls/crypto/hash.js";
import { decryptWithLabel, encryptWithLabel } from "ts-mls/crypto/hpke.js";
import { deriveSecret, deriveTreeSecret, expandWithLabel } from "ts-mls/crypto/kdf.js";
import { signWithLabel, verifyWithLabel } from "ts-mls/crypto/signature.js";
import { verifyConfirmationTag, type FramedContent } from "ts-mls/framedContent.js";
import { encodeGroupContext } from "ts-mls/groupContext.js";
import { initializeEpoch } from "ts-mls/keySchedule.js";
import { protectApplicationData, unprotectPrivateMessage } from "ts-mls/messageProtection.js";
import { unprotectPublicMessage } from "ts-mls/messageProtectionPublic.js";
import type { PrivateMessage } from "ts-mls/privateMessage.js";
import { encodeProposal } from "ts-mls/proposal.js";
import { encodeCommit } from "ts-mls/commit.js";
import type { RatchetTree } from "ts-mls/ratchetTree.js";
import { createSecretTree, deriveKey, deriveNonce, ratchetUntil } from "ts-mls/secretTree.js";
import { expandSenderDataKey, expandSenderDataNonce } from "ts-mls/sender.js";
import { createConfirmedHash, createInterimHash } from "ts-mls/transcriptHash.js";
import { bytesToBase64 } from "ts-mls/util/byteArray.js";
import { makeCipherSuites } from "./cipher-suites.ts";
import { KEY_RETENTION } from "./client-config.ts";
import basics from "./test-vectors/crypto-basics.json" with { type: "json" };
import keySchedules from "./test-vectors/key-schedule.json" with { type: "json" };
import passiveClients from "./test-vectors/passive-client-welcome.json" with { type: "json" };
import protections from "./test-vectors/message-protection.json" with { type: "json" };
import secretTrees from "./test-vectors/secret-tree.json" with { type: "json" };
import transcripts from "./test-vectors/transcript-hashes.json" with { type: "json" };
import { decodeMessage } from "./wire.ts";

/** The MLS working group's vectors, through the primitives of ours: native ones and portable ones. */
const hosts = [
  ["native", crypto.subtle],
  ["portable", undefined],
] as const;

const hex = hexToBytes;
/** Keys in crypto-basics carry their length in front. */
const key = (text: string) => hex(text).subarray(1);

for (const [host, subtle] of hosts) {
  const suite = makeCipherSuites(subtle).then(({ classic }) => classic);

  test.each(basics)(`${host}: crypto-basics`, async (vector) => {
    const cs = await suite;
    const { ref_hash, expand_with_label, derive_secret, derive_tree_secret } = vector;
    expect(await refhash(ref_hash.label, hex(ref_hash.value), cs.hash)).toEqual(hex(ref_hash.out));
    const { secret, label, context, length, out } = expand_with_label;
    expect(await expandWithLabel(hex(secret), label, hex(context), length, cs.kdf)).toEqual(
      hex(out),
    );
    expect(await deriveSecret(hex(derive_secret.secret), derive_secret.label, cs.kdf)).toEqual(
      hex(derive_secret.out),
    );
    expect(
      await deriveTreeSecret(
        hex(derive_tree_secret.secret),
        derive_tree_secret.label,
        derive_tree_secret.generation,
        derive_tree_secret.length,
        cs.kdf,
      ),
    ).toEqual(hex(derive_tree_secret.out));

    const signing = vector.sign_with_label;
    const content = hex(signing.content);
    const signature = hex(signing.signature);
    const { label: purpose } = signing;
    expect(await verifyWithLabel(key(signing.pub), purpose, content, signature, cs.signature)).toBe(
      true,
    );
    // Ed25519 is deterministic: the very bytes.
    expect(await signWithLabel(key(signing.priv), purpose, content, cs.signature)).toEqual(
      signature,
    );

    const sealing = vector.encrypt_with_label;
    const privateKey = await cs.hpke.importPrivateKey(key(sealing.priv));
    const publicKey = await cs.hpke.importPublicKey(key(sealing.pub));
    const plaintext = hex(sealing.plaintext);
    const info = hex(sealing.context);
    expect(
      await decryptWithLabel(
        privateKey,
        sealing.label,
        info,
        hex(sealing.kem_output),
        hex(sealing.ciphertext),
        cs.hpke,
      ),
    ).toEqual(plaintext);
    const { enc, ct } = await encryptWithLabel(publicKey, sealing.label, info, plaintext, cs.hpke);
    expect(await decryptWithLabel(privateKey, sealing.label, info, enc, ct, cs.hpke)).toEqual(
      plaintext,
    );
  });

  test.each(keySchedules)(`${host}: key-schedule`, async (vector) => {
    const cs = await suite;
    let initSecret: Uint8Array = hex(vector.initial_init_secret);
    for (const [epoch, expected] of vector.epochs.entries()) {
      const groupContext: GroupContext = {
        version: "mls10",
        cipherSuite: cs.name,
        groupId: hex(vector.group_id),
        epoch: BigInt(epoch),
        treeHash: hex(expected.tree_hash),
        confirmedTranscriptHash: hex(expected.confirmed_transcript_hash),
        extensions: [],
      };
      expect(encodeGroupContext(groupContext)).toEqual(hex(expected.group_context));
      const { keySchedule, ...secrets } = await initializeEpoch(
        initSecret,
        hex(expected.commit_secret),
        groupContext,
        hex(expected.psk_secret),
        cs.kdf,
      );
      expect(secrets).toEqual({
        joinerSecret: hex(expected.joiner_secret),
        welcomeSecret: hex(expected.welcome_secret),
        encryptionSecret: hex(expected.encryption_secret),
      });
      expect(keySchedule).toEqual({
        initSecret: hex(expected.init_secret),
        senderDataSecret: hex(expected.sender_data_secret),
        exporterSecret: hex(expected.exporter_secret),
        epochAuthenticator: hex(expected.epoch_authenticator),
        externalSecret: hex(expected.external_secret),
        confirmationKey: hex(expected.confirmation_key),
        membershipKey: hex(expected.membership_key),
        resumptionPsk: hex(expected.resumption_psk),
      });
      const external = await cs.hpke.deriveKeyPair(keySchedule.externalSecret);
      expect(await cs.hpke.exportPublicKey(external.publicKey)).toEqual(hex(expected.external_pub));
      // Not `exporter`: these are of a draft with another label there, and nothing of ours exports.
      ({ initSecret } = keySchedule);
    }
  });

  test.each(secretTrees)(`${host}: secret-tree`, async (vector) => {
    const cs = await suite;
    const { sender_data_secret, ciphertext, ...senderData } = vector.sender_data;
    const secret = hex(sender_data_secret);
    expect(await expandSenderDataKey(cs, secret, hex(ciphertext))).toEqual(hex(senderData.key));
    expect(await expandSenderDataNonce(cs, secret, hex(ciphertext))).toEqual(hex(senderData.nonce));
    const tree = await createSecretTree(
      vector.leaves.length,
      hex(vector.encryption_secret),
      cs.kdf,
    );
    for (const [leaf, expected] of vector.leaves.entries()) {
      const node = tree[2 * leaf];
      if (node === undefined) throw new Error("the tree is too small");
      for (const purpose of ["application", "handshake"] as const) {
        const [ratchet] = await ratchetUntil(
          node[purpose],
          expected.generation,
          KEY_RETENTION,
          cs.kdf,
        );
        expect([
          await deriveKey(ratchet.secret, expected.generation, cs),
          await deriveNonce(ratchet.secret, expected.generation, cs),
        ]).toEqual([hex(expected[`${purpose}_key`]), hex(expected[`${purpose}_nonce`])]);
      }
    }
  });

  test.each(protections)(`${host}: message-protection`, async (vector) => {
    const cs = await suite;
    const groupContext: GroupContext = {
      version: "mls10",
      cipherSuite: cs.name,
      groupId: hex(vector.group_id),
      epoch: BigInt(vector.epoch),
      treeHash: hex(vector.tree_hash),
      confirmedTranscriptHash: hex(vector.confirmed_transcript_hash),
      extensions: [],
    };
    const senderData = hex(vector.sender_data_secret);
    const signer = hex(vector.signature_pub);
    const tree: RatchetTree = [leafOf(new Uint8Array(32)), undefined, leafOf(signer)];
    const secrets = await createSecretTree(2, hex(vector.encryption_secret), cs.kdf);
    const unprotect = async (message: PrivateMessage) => {
      const opened = await unprotectPrivateMessage(
        senderData,
        message,
        secrets,
        tree,
        groupContext,
        KEY_RETENTION,
        cs,
      );
      return opened.content.content;
    };
    for (const kind of ["proposal", "commit", "application"] as const) {
      const sealed = decodeMessage(hex(vector[`${kind}_priv`]));
      if (sealed.wireformat !== "mls_private_message") throw new Error("not private");
      const content = await unprotect(sealed.privateMessage);
      expect(bytesOf(content)).toEqual(hex(vector[kind]));
      if (kind === "application") continue;
      const open = decodeMessage(hex(vector[`${kind}_pub`]));
      if (open.wireformat !== "mls_public_message") throw new Error("not public");
      const opened = await unprotectPublicMessage(
        hex(vector.membership_key),
        groupContext,
        tree,
        open.publicMessage,
        cs,
      );
      expect(bytesOf(opened.content)).toEqual(hex(vector[kind]));
    }
    const own = await protectApplicationData(
      hex(vector.signature_priv),
      senderData,
      hex(vector.application),
      new Uint8Array(0),
      groupContext,
      secrets,
      1,
      { kind: "alwaysPad", paddingLength: 0 },
      cs,
    );
    expect(bytesOf(await unprotect(own.privateMessage))).toEqual(hex(vector.application));
  });

  test.each(transcripts)(`${host}: transcript-hashes`, async (vector) => {
    const cs = await suite;
    const content = decodeAuthenticatedContent(hex(vector.authenticated_content), 0)?.[0];
    if (content?.content.contentType !== "commit" || content.auth.contentType !== "commit") {
      throw new Error("no commit");
    }
    const { confirmationTag, signature } = content.auth;
    const confirmed = await createConfirmedHash(
      hex(vector.interim_transcript_hash_before),
      { wireformat: content.wireformat, content: content.content, signature },
      cs.hash,
    );
    expect(confirmed).toEqual(hex(vector.confirmed_transcript_hash_after));
    expect(await createInterimHash(confirmed, confirmationTag, cs.hash)).toEqual(
      hex(vector.interim_transcript_hash_after),
    );
    expect(
      await verifyConfirmationTag(
        hex(vector.confirmation_key),
        confirmationTag,
        confirmed,
        cs.hash,
      ),
    ).toBe(true);
  });

  test.each(passiveClients)(`${host}: passive-client-welcome`, async (vector) => {
    const cs = await suite;
    const message = decodeMessage(hex(vector.welcome));
    const own = decodeMessage(hex(vector.key_package));
    if (message.wireformat !== "mls_welcome" || own.wireformat !== "mls_key_package") {
      throw new Error("no Welcome");
    }
    const psks: Record<string, Uint8Array> = {};
    for (const { psk_id, psk } of vector.external_psks) psks[bytesToBase64(hex(psk_id))] = hex(psk);
    const privateKeys = {
      initPrivateKey: hex(vector.init_priv),
      hpkePrivateKey: hex(vector.encryption_priv),
      signaturePrivateKey: hex(vector.signature_priv),
    };
    const group = await joinGroup(
      message.welcome,
      own.keyPackage,
      privateKeys,
      makePskIndex(undefined, psks),
      cs,
    );
    expect(group.keySchedule.epochAuthenticator).toEqual(hex(vector.initial_epoch_authenticator));
  });
}

function bytesOf(content: FramedContent): Uint8Array {
  switch (content.contentType) {
    case "application":
      return content.applicationData;
    case "proposal":
      return encodeProposal(content.proposal);
    case "commit":
      return encodeCommit(content.commit);
  }
}

function leafOf(signaturePublicKey: Uint8Array): RatchetTree[number] {
  return {
    nodeType: "leaf",
    leaf: {
      hpkePublicKey: new Uint8Array(0),
      signaturePublicKey,
      credential: { credentialType: "basic", identity: new Uint8Array(0) },
      capabilities: {
        versions: [],
        ciphersuites: [],
        extensions: [],
        proposals: [],
        credentials: [],
      },
      leafNodeSource: "update",
      extensions: [],
      signature: new Uint8Array(0),
    },
  };
}
