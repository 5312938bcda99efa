import type { Settings } from "../config/settings.ts";
import { Advertiser, type AdvertiserOptions } from "../dns-sd/advertiser.ts";
import { advertisementOf } from "../dns-sd/service-advertisement.ts";
import { pinOf } from "./server-tls.ts";

/** Announces the server, which has got `port`, on the local network; undefined where it shall not. */
export async function advertise(
  settings: Settings,
  port: number,
  options: AdvertiserOptions,
): Promise<Advertiser | undefined> {
  const advertisement = advertisementOf(settings, port, pinOf(settings, "https:"));
  if (advertisement === undefined) return undefined;
  const advertiser = await Advertiser.start(advertisement, options);
  options.log.info({ on: advertiser.on }, "announced on the local network");
  return advertiser;
}
