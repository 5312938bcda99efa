import { FakeClock } from "../testing/fake-clock.ts";
import { describeLink, type LinkPair } from "../testing/link-contract.ts";
import { LinkWorld, runUntil, sideOf } from "../testing/link-world.ts";
import { FakePeers } from "../testing/peer-pair.ts";

describeLink("relay through a scripted server", async (): Promise<LinkPair> => {
  const clock = new FakeClock();
  const world = new LinkWorld(clock);
  const a = await world.add(1);
  const b = await world.add(2);
  const link = await a.links.relay(b.peer);
  const back = await b.links.relay(a.peer);
  return {
    a: sideOf(a, link),
    b: sideOf(b, back),
    until: (condition) => runUntil(clock, condition),
    stall: (stalled) => {
      const socket = world.server.sockets.connections[0];
      if (stalled) socket?.hold();
      else socket?.release();
    },
    dispose: () => world.dispose(),
  };
});

describeLink("direct over fake peers", async (): Promise<LinkPair> => {
  const clock = new FakeClock();
  const world = new LinkWorld(clock);
  const peers = new FakePeers();
  const a = await world.add(1, peers);
  const b = await world.add(2, peers);
  a.links.setWanted([b.peer]);
  await runUntil(clock, () => a.opened.length === 1 && b.opened.length === 1);
  const link = a.links.direct(b.peer.deviceId);
  const back = b.links.direct(a.peer.deviceId);
  if (link === undefined || back === undefined) throw new Error("not open");
  return {
    a: sideOf(a, link),
    b: sideOf(b, back),
    until: (condition) => runUntil(clock, condition),
    stall: (stalled) => peers.channels[0]?.stall(stalled),
    dispose: () => world.dispose(),
  };
});
