import { expect, test } from "vitest";
import { selectedPairOf } from "./selected-pair.ts";

const local = { type: "local-candidate", id: "L", candidateType: "host", protocol: "udp" };
const remote = {
  type: "remote-candidate",
  id: "R",
  candidateType: "srflx",
  protocol: "udp",
  address: "198.51.100.7",
  ip: "198.51.100.7",
};
const pair = {
  type: "candidate-pair",
  id: "P",
  localCandidateId: "L",
  remoteCandidateId: "R",
  state: "succeeded",
  nominated: true,
};
const other = { ...pair, id: "O", localCandidateId: "X" };
const transport = { type: "transport", id: "T", selectedCandidatePairId: "P" };

const found = {
  local: "host",
  remote: "srflx",
  protocol: "udp",
  remoteAddress: "198.51.100.7",
};

test("L11: Chromium and wrtc name the pair in the transport's report", () => {
  expect(selectedPairOf([other, pair, local, remote, transport])).toEqual(found);
});

test("L11: Firefox marks the pair itself", () => {
  const marked = { ...pair, selected: true };
  expect(selectedPairOf([{ ...other, selected: false }, marked, local, remote])).toEqual(found);
});

test("L11: where neither is told, the nominated pair that succeeded is it", () => {
  const waiting = { ...other, state: "waiting" };
  const unused = { ...other, nominated: false };
  expect(selectedPairOf([waiting, unused, pair, local, remote])).toEqual(found);
});

test("L11: a relayed end that speaks TCP to its TURN server goes by TCP", () => {
  const relayed = { ...local, candidateType: "relay", relayProtocol: "tls" };
  const told = selectedPairOf([pair, relayed, remote, transport]);
  expect(told).toMatchObject({ local: "relay", protocol: "tcp" });
  const udp = { ...relayed, relayProtocol: "udp" };
  expect(selectedPairOf([pair, udp, remote, transport])).toMatchObject({ protocol: "udp" });
});

test.each([{ address: "" }, { address: null }, {}])(
  "L11: a hidden address is left out",
  (hidden) => {
    const { address: _, ip: __, ...rest } = remote;
    expect(selectedPairOf([pair, local, { ...rest, ...hidden }, transport])).toEqual({
      local: "host",
      remote: "srflx",
      protocol: "udp",
    });
  },
);

test("L11: an address under its older name is taken too", () => {
  const { address: _, ...older } = remote;
  expect(selectedPairOf([pair, local, older, transport])).toEqual(found);
});

test("L11: reports that are none of these tell nothing", () => {
  expect(selectedPairOf([])).toBeUndefined();
  expect(selectedPairOf([null, 7, "pair", { type: "candidate-pair" }])).toBeUndefined();
  expect(selectedPairOf([pair, transport, local])).toBeUndefined();
  expect(selectedPairOf([pair, transport, { ...local, candidateType: "new" }, remote])).toBe(
    undefined,
  );
});
