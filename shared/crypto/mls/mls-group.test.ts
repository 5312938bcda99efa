import { expect, test } from "vitest";
import { identityKeysOf } from "../identity.ts";
import { readGroupInfo } from "./group-infos.ts";
import { createKeyPackage, readKeyPackage, welcomeReferences } from "./key-packages.ts";
import { MlsGroup } from "./mls-group.ts";
import type { GroupPolicy, MlsIdentity, MlsSuite } from "./mls-types.ts";
import { peekSealed } from "./wire.ts";

const anybody: GroupPolicy = { admits: async () => true };
const options = { lastResort: false, notBefore: 0, notAfter: 1e12 };
const utf8 = new TextEncoder();
const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

function device(number: number): MlsIdentity {
  return {
    userId: new Uint8Array(16).fill(number),
    keys: identityKeysOf(new Uint8Array(32).fill(number)),
  };
}

for (const suite of ["classic", "hybrid"] as const satisfies MlsSuite[]) {
  test(`${suite}: create, add, seal, open, external join`, async () => {
    const a = await MlsGroup.create({
      identity: device(1),
      policy: anybody,
      groupId: new Uint8Array(16).fill(9),
      suite,
    });
    const kp = await createKeyPackage(device(2), suite, options);
    expect(await readKeyPackage(kp.keyPackage)).toMatchObject({ suite, lastResort: false });
    const pending = await a.commit({ add: [kp.keyPackage], remove: [] });
    const welcome = pending.welcome ?? new Uint8Array(0);
    expect(welcomeReferences(welcome)).toEqual({ suite, references: [kp.reference] });
    const a1 = pending.next;
    a1.takeOver(a);
    const b1 = await MlsGroup.join({
      identity: device(2),
      policy: anybody,
      welcome,
      keyPackage: kp,
    });
    expect(b1.confirmation).toEqual(a1.confirmation);
    const sealed = await a1.seal(utf8.encode("hi"), utf8.encode("id"));
    expect(peekSealed(sealed)).toEqual({ groupId: a1.groupId, epoch: 1 });
    const opened = await b1.open(sealed);
    expect(text(opened.plaintext)).toBe("hi");
    await expect(b1.open(sealed)).rejects.toMatchObject({ reason: "used" });
    const c = await MlsGroup.joinExternal({
      identity: device(3),
      policy: anybody,
      groupInfo: await a1.groupInfo(),
    });
    const a2 = await a1.process(c.commit);
    const b2 = await b1.process(c.commit);
    b2.takeOver(b1);
    expect(a2.confirmation).toEqual(c.group.confirmation);
    expect((await readGroupInfo(c.groupInfo))?.confirmation).toEqual(b2.confirmation);
    const again = await MlsGroup.joinExternal({
      identity: device(2),
      policy: anybody,
      groupInfo: c.groupInfo,
    });
    const a3 = await a2.process(again.commit);
    expect(a3.members).toHaveLength(3);
    await expect(b2.process(again.commit)).rejects.toMatchObject({ reason: "not-for-us" });
    const m = await again.group.seal(utf8.encode("x"), new Uint8Array(0));
    const loaded = await MlsGroup.load(
      new Map([...a3.takeRecords()].flatMap(([k, v]) => (v ? [[k, v]] : []))),
      { identity: device(1), policy: anybody },
    );
    expect(text((await a3.open(m)).plaintext)).toBe("x");
    expect(text((await loaded.open(m)).plaintext)).toBe("x");
    expect([...loaded.takeRecords().keys()]).toEqual(["epoch/3/ratchets/0"]);
  });
}
