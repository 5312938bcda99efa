import { describe, expect, test } from "vitest";
import fc from "fast-check";
import {
  decodeDeviceStatement,
  DEVICE_STATEMENT_BYTES,
  deviceIdBytes,
  deviceStatement,
  emptyDeviceList,
  encodeBase64,
  extendDeviceList,
  identityKeysOf,
  MAX_DEVICE_STATEMENTS,
  subjectDeviceId,
  type DeviceChange,
  type DeviceList,
  type DeviceStatementType,
  type IdentityKeys,
} from "./index.ts";

const filled = (value: number, length = 32) => new Uint8Array(length).fill(value);
const userId = filled(8, 16);
const keysOf = (n: number) => identityKeysOf(filled(n));
const laptop = keysOf(1);
const phone = keysOf(2);
const tablet = keysOf(3);
const stranger = keysOf(4);
const password = keysOf(5);
const otherPassword = keysOf(6);
const AT = 1_767_225_600_000;

function make(type: DeviceStatementType, subject: IdentityKeys, key = password): DeviceChange {
  if (type === "genesis" || type === "reset") {
    return { type, subject: subject.publicKey, passwordKeys: key };
  }
  return type === "password"
    ? { type, passwordKeys: subject }
    : { type, subject: subject.publicKey };
}

/** Keys of somebody who knows the public half only. */
const guessed = (keys: IdentityKeys): IdentityKeys => ({
  publicKey: keys.publicKey,
  secretKey: stranger.secretKey,
});

/** The list after the change, which must be one that fits. */
function then(list: DeviceList, signer: IdentityKeys, change: DeviceChange): DeviceList {
  const next = extendDeviceList(list, deviceStatement(list, signer, change, AT));
  if (next === undefined) throw new Error(`${change.type} does not fit`);
  return next;
}

function refused(list: DeviceList, signer: IdentityKeys, change: DeviceChange): boolean {
  return extendDeviceList(list, deviceStatement(list, signer, change, AT)) === undefined;
}

const begun = then(emptyDeviceList(userId), laptop, make("genesis", laptop));
const two = then(begun, laptop, make("add", phone));

describe("what is in the list", () => {
  test("I2: known answers stay the same from version to version", () => {
    const genesis = deviceStatement(emptyDeviceList(userId), laptop, make("genesis", laptop), AT);
    expect(genesis).toHaveLength(DEVICE_STATEMENT_BYTES);
    expect(encodeBase64(genesis)).toMatchInlineSnapshot(
      `"AQEICAgICAgICAgICAgICAgIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAABm3baqACKiOPddAnxlf1S2y08ul1yymcJvx2UEhvzdIgBtA9vXG56HN0psLeP0Tr0xVmP7/TvKpcWbjym8uT7/M2AUFvxiojj3XQJ8ZX9UtstPLpdcspnCb8dlBIb83SIAbQPb1zM6Wz3lBGhESzJisoLuThueIKUp8jg/cn2ZFLkUjkn8Jja1sD8CJGiQZwmm/8kPoOQ2lxhzDdHtBPUwc9eZHwAYneUpFYEyYucKSp8lY/Kn2ZvDeOZ6yf5rlfp03QVDvvzfCuvUG5c1dVZLlzxCicfBgqINLVeixbYgn9zko/OCg=="`,
    );
    expect(encodeBase64(two.head)).toMatchInlineSnapshot(
      `"KQjkPR928rMhGahVGxmipNzLn5m9AgxSnFgugwHV+dI="`,
    );
  });

  test("I3: it begins with the first device and the password's key", () => {
    expect(begun).toMatchObject({
      length: 1,
      devices: [laptop.publicKey],
      passwordKey: password.publicKey,
      resets: 0,
    });
  });

  test("I3: a device in it vouches for the next, and so does the password", () => {
    expect(two.devices).toEqual([laptop.publicKey, phone.publicKey]);
    expect(then(two, phone, make("add", tablet)).devices).toHaveLength(3);
    expect(then(begun, password, make("add", phone)).devices).toEqual(two.devices);
  });

  test("I3: a device in it takes out another, or itself; the password may, too", () => {
    expect(then(two, phone, make("remove", laptop)).devices).toEqual([phone.publicKey]);
    expect(then(two, phone, make("remove", phone)).devices).toEqual([laptop.publicKey]);
    expect(then(two, password, make("remove", phone)).devices).toEqual([laptop.publicKey]);
  });

  test("I3: another password's key takes the place of the one before", () => {
    const changed = then(begun, laptop, make("password", otherPassword));
    expect(changed.passwordKey).toEqual(otherPassword.publicKey);
    expect(refused(changed, password, make("add", phone))).toBe(true);
    expect(refused(changed, otherPassword, make("add", phone))).toBe(false);
    expect(then(begun, password, make("password", otherPassword)).devices).toEqual(begun.devices);
  });

  test("I3: a reset begins anew with the device that signs it, and is counted", () => {
    const reset = then(two, tablet, make("reset", tablet, otherPassword));
    expect(reset).toMatchObject({
      length: 3,
      devices: [tablet.publicKey],
      passwordKey: otherPassword.publicKey,
      resets: 1,
    });
    expect(refused(reset, laptop, make("add", phone))).toBe(true);
    expect(refused(reset, password, make("add", phone))).toBe(true);
  });

  test("I3: a device that was taken out may come back, if somebody vouches for it", () => {
    const alone = then(two, laptop, make("remove", phone));
    expect(refused(alone, phone, make("add", phone))).toBe(true);
    expect(then(alone, password, make("add", phone)).devices).toEqual(two.devices);
  });

  test("I3: with the last device gone the password still lets one in", () => {
    const none = then(begun, laptop, make("remove", laptop));
    expect(none.devices).toEqual([]);
    expect(refused(none, laptop, make("add", laptop))).toBe(true);
    expect(then(none, password, make("add", phone)).devices).toEqual([phone.publicKey]);
  });
});

describe("what is refused", () => {
  const empty = emptyDeviceList(userId);

  test.each(["add", "remove", "password", "reset"] as const)(
    "I3: a list does not begin with %s",
    (type) => {
      expect(refused(empty, laptop, make(type, laptop))).toBe(true);
    },
  );

  test("I3: a list begins once", () => {
    expect(refused(begun, laptop, make("genesis", laptop))).toBe(true);
  });

  test.each(["genesis", "reset"] as const)("I3: a %s is signed by its own device", (type) => {
    const list = type === "genesis" ? empty : begun;
    expect(refused(list, password, make(type, laptop))).toBe(true);
    expect(refused(list, phone, make(type, laptop))).toBe(true);
  });

  test.each(["add", "remove", "password"] as const)("I3: a stranger cannot sign %s", (type) => {
    const subject = type === "remove" ? laptop : stranger;
    expect(refused(begun, stranger, make(type, subject))).toBe(true);
  });

  test("I3: a device that was taken out vouches for nobody", () => {
    const alone = then(two, laptop, make("remove", phone));
    for (const change of [make("add", tablet), make("remove", laptop), make("password", phone)]) {
      expect(refused(alone, phone, change)).toBe(true);
    }
  });

  test("I3: nobody is added twice, and who is not there is not removed", () => {
    expect(refused(two, laptop, make("add", phone))).toBe(true);
    expect(refused(begun, laptop, make("remove", phone))).toBe(true);
  });

  test("I2: a statement counts in its place only", () => {
    const add = deviceStatement(begun, laptop, make("add", phone), AT);
    expect(extendDeviceList(two, add)).toBeUndefined();
    expect(extendDeviceList(empty, add)).toBeUndefined();
    // The same index on another branch.
    const branch = then(emptyDeviceList(userId), laptop, make("genesis", laptop, otherPassword));
    expect(extendDeviceList(branch, add)).toBeUndefined();
    // Another account with the same devices.
    const other = then(emptyDeviceList(filled(9, 16)), laptop, make("genesis", laptop));
    expect(extendDeviceList(other, add)).toBeUndefined();
    const elsewhere = { ...begun, userId: filled(9, 16) };
    expect(extendDeviceList(elsewhere, add)).toBeUndefined();
  });

  test("I2: with any bit changed it counts nowhere", () => {
    const add = deviceStatement(begun, laptop, make("password", otherPassword), AT);
    fc.assert(
      fc.property(fc.nat(add.length * 8 - 1), (bit) => {
        const changed = Uint8Array.from(add);
        changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        expect(extendDeviceList(begun, changed)).toBeUndefined();
      }),
      { numRuns: 150 },
    );
  });

  test("I2: bytes that are no statement are none", () => {
    const add = deviceStatement(begun, laptop, make("add", phone), AT);
    expect(decodeDeviceStatement(add.subarray(1))).toBeUndefined();
    expect(decodeDeviceStatement(Uint8Array.of(...add, 0))).toBeUndefined();
    expect(decodeDeviceStatement(new Uint8Array())).toBeUndefined();
    expect(decodeDeviceStatement(Uint8Array.of(2, ...add.subarray(1)))).toBeUndefined();
    for (const type of [0, 6, 255]) {
      const changed = Uint8Array.from(add);
      changed[1] = type;
      expect(decodeDeviceStatement(changed)).toBeUndefined();
    }
    const late = Uint8Array.from(add);
    late.fill(255, 54, 62);
    expect(decodeDeviceStatement(late)).toBeUndefined();
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        expect(extendDeviceList(begun, bytes)).toBeUndefined();
      }),
    );
  });

  test.each(["genesis", "reset"] as const)(
    "I3: a %s with a password's key that did not endorse it is no beginning",
    (type) => {
      const list = type === "genesis" ? empty : begun;
      expect(refused(list, stranger, make(type, stranger, guessed(password)))).toBe(true);
      expect(refused(list, stranger, make(type, stranger, otherPassword))).toBe(false);
    },
  );

  test("I3: a beginning of one's own making is not handed over to a password of somebody's", () => {
    const forged = then(empty, stranger, make("genesis", stranger, otherPassword));
    for (const signer of [stranger, otherPassword]) {
      expect(refused(forged, signer, make("password", guessed(password)))).toBe(true);
    }
  });

  test("I2: an endorsement counts in its place only", () => {
    const endorsementOf = (bytes: Uint8Array): Uint8Array => bytes.slice(-64);
    const genesis = deviceStatement(empty, laptop, make("genesis", laptop), AT);
    const forged = deviceStatement(empty, stranger, make("genesis", stranger), AT);
    forged.set(endorsementOf(genesis), forged.length - 64);
    expect(extendDeviceList(empty, forged)).toBeUndefined();
    const bare = Uint8Array.from(genesis).fill(0, genesis.length - 64);
    expect(extendDeviceList(empty, bare)).toBeUndefined();
    // What the key says as a signer is no endorsement.
    const signed = deviceStatement(begun, otherPassword, make("password", otherPassword), AT);
    const doubled = deviceStatement(begun, laptop, make("password", otherPassword), AT);
    doubled.set(signed.slice(-128, -64), doubled.length - 64);
    expect(extendDeviceList(begun, doubled)).toBeUndefined();
    // Where the password's key stays the same there is none.
    const add = deviceStatement(begun, laptop, make("add", phone), AT);
    add.set(endorsementOf(genesis), add.length - 64);
    expect(extendDeviceList(begun, add)).toBeUndefined();
  });

  test("I2: a password key stands nowhere but at a beginning", () => {
    const change = { ...make("add", phone), passwordKeys: otherPassword };
    const add = deviceStatement(begun, laptop, change, AT);
    // All right but for that field.
    add.fill(0, add.length - 64);
    expect(extendDeviceList(begun, add)).toBeUndefined();
  });

  test("I2: a list has an end", () => {
    const full = { ...begun, length: MAX_DEVICE_STATEMENTS };
    expect(refused(full, laptop, make("add", phone))).toBe(true);
    const last = { ...begun, length: MAX_DEVICE_STATEMENTS - 1 };
    expect(refused(last, laptop, make("add", phone))).toBe(false);
  });

  test("fields of a wrong length are a mistake of the caller's", () => {
    const short = { type: "add" as const, subject: filled(1, 31) };
    expect(() => deviceStatement(begun, laptop, short, AT)).toThrow(RangeError);
    const nobody = emptyDeviceList(filled(1, 15));
    expect(() => deviceStatement(nobody, laptop, make("genesis", laptop), AT)).toThrow(RangeError);
  });
});

test("I2: a statement reads as it was written", () => {
  const bytes = deviceStatement(two, phone, make("remove", laptop), AT);
  const statement = decodeDeviceStatement(bytes);
  expect(statement).toEqual({
    type: "remove",
    userId,
    index: 2,
    previous: two.head,
    at: AT,
    subject: laptop.publicKey,
    passwordKey: filled(0),
    signer: phone.publicKey,
  });
  expect(statement && subjectDeviceId(statement)).toEqual(deviceIdBytes(laptop.publicKey));
});

test("I3: whatever is appended by whomever, only those vouched for get in", () => {
  const people = [laptop, phone, tablet, stranger, password, otherPassword];
  const types = ["genesis", "add", "remove", "password", "reset"] as const;
  const step = fc.tuple(fc.constantFrom(...types), fc.nat(3), fc.nat(5));
  fc.assert(
    fc.property(fc.array(step, { maxLength: 25 }), (steps) => {
      let list = begun;
      for (const [type, subjectAt, signerAt] of steps) {
        const [subject, signer] = [people[subjectAt], people[signerAt]];
        if (subject === undefined || signer === undefined) continue;
        const before = list;
        const change = make(type, type === "password" ? otherPassword : subject);
        list = extendDeviceList(list, deviceStatement(list, signer, change, AT)) ?? list;
        const vouchers = [...before.devices, before.passwordKey ?? filled(0)].map(encodeBase64);
        const isVouched = vouchers.includes(encodeBase64(signer.publicKey));
        // Without somebody who vouches nothing changes but by a reset, and that is counted.
        const isCounted = type === "reset" && list.resets === before.resets + 1;
        expect(isVouched || list === before || isCounted).toBe(true);
        expect(list.length).toBe(before.length + (list === before ? 0 : 1));
        expect(new Set(list.devices.map(encodeBase64)).size).toBe(list.devices.length);
      }
    }),
    { numRuns: 25 },
  );
});
