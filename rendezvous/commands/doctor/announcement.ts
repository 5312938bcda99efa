import { pino } from "pino";
import { systemClock } from "../../clock.ts";
import type { Settings } from "../../config/settings.ts";
import { Advertiser } from "../../dns-sd/advertiser.ts";
import { findService } from "../../dns-sd/find-services.ts";
import { ownAddresses } from "../../dns-sd/ipv4-interfaces.ts";
import { advertisementOf, type ServiceAdvertisement } from "../../dns-sd/service-advertisement.ts";
import { good, poor, type Finding } from "./finding.ts";

const ANSWER_MS = 1500;

/** Not the servers' own: nobody shall see in their list what is gone in a moment. */
const PROBE_TYPE = "beeline-doctor";
/** Nobody shall come there (RFC 863). */
const PROBE_PORT = 9;

/** Where it is found. For tests another one than this machine. */
export interface LocalNetwork {
  readonly addresses: () => readonly string[];
  readonly port?: number;
}

const thisMachine: LocalNetwork = { addresses: () => ownAddresses().ipv4 };

/** Without being announced the server is not found on the local network; all else works. */
export async function checkAnnouncement(
  settings: Settings,
  network: LocalNetwork = thisMachine,
): Promise<readonly Finding[]> {
  const own = advertisementOf(settings, settings.port);
  if (own === undefined) {
    const why = settings.announce ? "only this machine reaches the server" : "off";
    return [good(`Announcement: ${why}.`)];
  }
  const addresses = network.addresses();
  if (addresses.length === 0) return [poor("Announcement: this machine is on no IPv4 network.")];
  return Promise.all(addresses.map((address) => lookAt(address, own, network)));
}

/** The running server's own, else one made for the purpose. */
async function lookAt(
  address: string,
  own: ServiceAdvertisement,
  network: LocalNetwork,
): Promise<Finding> {
  const port = network.port === undefined ? {} : { port: network.port };
  const search = { clock: systemClock, timeoutMs: ANSWER_MS, ...port };
  try {
    const isOurs = await findService(address, { ...search, type: own.type }, (service) => {
      if (service.txt.get("name") !== own.txt["name"]) return false;
      // Without a port of its own it has got any.
      if (own.port !== 0 && service.port !== own.port) return false;
      return network.addresses().some((mine) => mine === service.from);
    });
    if (isOurs !== undefined) {
      return good(`Announcement: the server's comes back on ${address}.`);
    }
    await using probe = await Advertiser.start(
      { ...own, type: PROBE_TYPE, port: PROBE_PORT },
      {
        clock: systemClock,
        log: pino({ level: "silent" }),
        addresses: () => ({ ipv4: [address], fingerprint: address }),
        ...port,
      },
    );
    const back =
      probe.on.length > 0 &&
      (await findService(address, { ...search, type: PROBE_TYPE }, (service) => {
        return service.instance === own.instance;
      }));
    if (back !== undefined && back !== false) {
      return good(`Announcement: one would come back on ${address}; no server is running.`);
    }
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return poor(`Announcement: no multicast on ${address} (${reason}).`);
  }
  return poor(
    `Announcement: it does not come back on ${address}. Let UDP port 5353 through the firewall; ` +
      "until then people type the server's address.",
  );
}
