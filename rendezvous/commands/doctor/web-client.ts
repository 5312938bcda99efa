import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Settings } from "../../config/settings.ts";
import { clientFolder } from "../../http/client-folder.ts";
import { good, poor, type Finding } from "./finding.ts";

export function checkWebClient(settings: Settings): readonly Finding[] {
  if (!settings["web-client"]) return [good("Web client: switched off.")];
  return existsSync(join(clientFolder, "index.html"))
    ? [good("Web client: built.")]
    : [poor("Web client: not built. Run npm run build, or use --no-web-client.")];
}
