/**
 * `npm run bench [-- --json] [-- --only NAME]`: every figure beside a reference measured in the
 * same run, since machines differ and are noisy. Exits with 1 when a goal is missed.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { fileThroughput } from "./file-throughput.ts";
import { format, judge, type Figure, type Judged } from "./figure.ts";
import { group } from "./group.ts";
import { history } from "./history.ts";
import { memory } from "./memory.ts";
import { mailbox } from "./mailbox.ts";
import { mls } from "./mls.ts";
import { crowd } from "./crowd.ts";
import { presence } from "./presence.ts";
import { relayThroughput } from "./relay-throughput.ts";
import { roundTrips } from "./round-trips.ts";
import { signIns } from "./sign-ins.ts";

/** `folder` is empty and thrown away afterwards. */
const sections: Record<string, (folder: string) => Promise<Figure[]>> = {
  "round-trips": roundTrips,
  relay: relayThroughput,
  files: fileThroughput,
  mailbox,
  group,
  "sign-ins": signIns,
  mls,
  memory,
  presence,
  crowd,
  history,
};

const { values } = parseArgs({
  options: { json: { type: "boolean", default: false }, only: { type: "string" } },
});
if (values.only !== undefined && !Object.hasOwn(sections, values.only)) {
  process.stderr.write(`bench: no section ${values.only}: ${Object.keys(sections).join(", ")}\n`);
  process.exit(2);
}

const judged: Judged[] = [];
for (const [name, measure] of Object.entries(sections)) {
  if (values.only !== undefined && values.only !== name) continue;
  const folder = await mkdtemp(join(tmpdir(), "beeline-bench-"));
  try {
    for (const figure of (await measure(folder)).map(judge)) {
      judged.push(figure);
      process.stdout.write(`${values.json ? JSON.stringify(figure) : format(figure)}\n`);
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
process.exit(judged.some(({ met }) => met === false) ? 1 : 0);
