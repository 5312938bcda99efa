import type { CiphersuiteImpl, ClientState, PrivateKeyPackage, Welcome } from "ts-mls";
import { joinGroup } from "ts-mls/clientState.js";
import { joinGroupExternal } from "ts-mls/createCommit.js";
import { makeKeyPackageRef } from "ts-mls/keyPackage.js";
import { emptyPskIndex } from "ts-mls/pskIndex.js";
import { decryptGroupInfo, decryptGroupSecrets } from "ts-mls/welcome.js";
import { cipherSuites } from "./cipher-suites.ts";
import { Admission } from "./client-config.ts";
import { readGroupInfo, treeOf } from "./group-infos.ts";
import { decodeKeyPackage, newKeyPackage, privateKeysOf } from "./key-packages.ts";
import {
  MlsError,
  type GroupPolicy,
  type MlsIdentity,
  type MlsSuite,
  type OwnKeyPackage,
} from "./mls-types.ts";
import { decodeGroupInfoMessage, decodeWelcomeMessage, encodeMessage, sameBytes } from "./wire.ts";

/** Who this device is in its groups, and who may be in them with it. */
export interface MlsMembership {
  readonly identity: MlsIdentity;
  readonly policy: GroupPolicy;
}

/** This device's own leaf in a group is in time for ever: its account's list says whether it is. */
export const FOR_EVER = { lastResort: false, notBefore: 0, notAfter: Number.MAX_SAFE_INTEGER };

export interface JoinedState {
  readonly suite: MlsSuite;
  readonly cs: CiphersuiteImpl;
  readonly state: ClientState;
}

/** @throws MlsError */
export async function stateByWelcome(
  options: MlsMembership & { readonly welcome: Uint8Array; readonly keyPackage: OwnKeyPackage },
): Promise<JoinedState> {
  const { identity, policy } = options;
  const { welcome, suite } = decodeWelcomeMessage(options.welcome);
  const { keyPackage } = await decodeKeyPackage(options.keyPackage.keyPackage);
  const privateKeys = privateKeysOf(identity, options.keyPackage);
  const cs = (await cipherSuites())[suite];
  const reference = await makeKeyPackageRef(keyPackage, cs.hash);
  if (!welcome.secrets.some(({ newMember }) => sameBytes(newMember, reference))) {
    throw new MlsError("not-for-us", "a Welcome for other key packages");
  }
  const admission = new Admission(identity, policy);
  const state = await admission.run(async () => {
    await lookInto(welcome, reference, privateKeys, cs);
    return await joinGroup(
      welcome,
      keyPackage,
      privateKeys,
      emptyPskIndex,
      cs,
      undefined,
      undefined,
      admission.config,
    );
  });
  return { suite, cs, state };
}

/** @throws MlsError */
export async function stateFromOutside(
  options: MlsMembership & { readonly groupInfo: Uint8Array },
): Promise<JoinedState & { readonly commit: Uint8Array }> {
  const { identity, policy } = options;
  const { groupInfo, suite } = decodeGroupInfoMessage(options.groupInfo);
  const claims = await readGroupInfo(options.groupInfo);
  if (claims === undefined) throw new MlsError("invalid", "no sound GroupInfo");
  const isIn = claims.members.some(({ publicKey }) =>
    sameBytes(publicKey, identity.keys.publicKey),
  );
  const cs = (await cipherSuites())[suite];
  const { keyPackage, privateKeys } = await newKeyPackage(identity, suite, FOR_EVER);
  const admission = new Admission(identity, policy);
  const { publicMessage, newState } = await admission.run(async () =>
    joinGroupExternal(groupInfo, keyPackage, privateKeys, isIn, cs, undefined, admission.config),
  );
  const commit = encodeMessage({
    version: "mls10",
    wireformat: "mls_public_message",
    publicMessage,
  });
  return { suite, cs, state: newState, commit };
}

/** Before the library works on a Welcome, which takes the longer the bigger its tree is. */
async function lookInto(
  welcome: Welcome,
  reference: Uint8Array,
  privateKeys: PrivateKeyPackage,
  cs: CiphersuiteImpl,
): Promise<void> {
  const key = await cs.hpke.importPrivateKey(privateKeys.initPrivateKey);
  const secrets = await decryptGroupSecrets(key, reference, welcome, cs.hpke);
  if (secrets === undefined || secrets.psks.length > 0) {
    throw new MlsError("invalid", "a Welcome as none of ours is");
  }
  const none = new Uint8Array(cs.kdf.size);
  const groupInfo = await decryptGroupInfo(welcome, secrets.joinerSecret, none, cs);
  if (groupInfo === undefined) throw new MlsError("invalid", "no GroupInfo in the Welcome");
  treeOf(groupInfo);
}
