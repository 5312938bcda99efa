/**
 * `npm run demo [-- --json] [--capture DIR]`: two real clients talk directly, then by relay, then by mailbox. Ends
 * with 1 where one message is lost, doubled or out of order, or took another path than it should.
 *
 * The times run from `send` to the recipient's receipt; for stored messages to the server's, which
 * comes when the message is on its disk.
 *
 * `--capture` leaves in DIR what went through the server's socket (`socket.bin`), its data folder
 * (`server/`) and what was said (`said.json`), to look for the one in the others.
 */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { Client } from "./client-driver.ts";
import { measureStage, textOf, type Stage, type StageResult } from "./demo-stage.ts";
import { RecordingProxy } from "./support/recording-proxy.ts";
import { RendezvousProcess } from "./support/rendezvous-process.ts";

const MESSAGES = 100;
const PASSWORD = "a password for the demo";
const STAGES = ["direct", "relayed", "stored"] as const;

const { values } = parseArgs({
  options: { json: { type: "boolean", default: false }, capture: { type: "string" } },
});
const folder = await mkdtemp(join(tmpdir(), "beeline-demo-"));
let failed = true;
try {
  failed = !(await demo());
} catch (error) {
  process.stderr.write(`demo: ${error instanceof Error ? error.message : String(error)}\n`);
} finally {
  await rm(folder, { recursive: true, force: true });
}
process.exitCode = failed ? 1 : 0;

async function demo(): Promise<boolean> {
  const { capture } = values;
  if (capture === undefined) {
    await using server = await RendezvousProcess.start(join(folder, "server"));
    return await talk(server.address);
  }
  await using server = await RendezvousProcess.start(join(capture, "server"));
  await using proxy = await RecordingProxy.start(server.address);
  const passed = await talk(proxy.address);
  const said = {
    password: PASSWORD,
    texts: STAGES.flatMap((name) =>
      Array.from({ length: MESSAGES }, (_, n) => textOf({ name }, n)),
    ),
  };
  await writeFile(join(capture, "said.json"), JSON.stringify(said));
  await writeFile(join(capture, "socket.bin"), proxy.recorded());
  return passed;
}

async function talk(server: string): Promise<boolean> {
  await using ada = new Client({ server, dataFolder: join(folder, "ada") });
  const benAt = { server, dataFolder: join(folder, "ben") };
  await using ben = new Client(benAt);
  await introduce(ada, ben);
  head();

  const adaEnd = { name: "ada", client: ada };
  const benEnd = { name: "ben", client: ben };
  const both = [
    { from: adaEnd, to: benEnd },
    { from: benEnd, to: adaEnd },
  ] as const;
  const results = [await stage({ name: "direct", path: "direct", messages: MESSAGES, ways: both })];

  await Promise.all([ada.cutDirect(), ben.cutDirect()]);
  results.push(await stage({ name: "relayed", path: "relayed", messages: MESSAGES, ways: both }));

  const after = ada.events.length;
  await ben.close();
  await ada.until(
    "ben to be offline",
    (event) => (event.event === "roster" && event.show === "offline" ? true : undefined),
    { after },
  );
  await using benAgain = new Client(benAt);
  results.push(
    await stage({
      name: "stored",
      path: "stored",
      messages: MESSAGES,
      ways: [{ from: adaEnd, to: { name: "ben", client: benAgain } }],
      beforeReceiving: async () => {
        if (!(await benAgain.restore("ben"))) throw new Error("ben's session is gone");
      },
    }),
  );
  return results.every(({ passed }) => passed);
}

/** Both register and become buddies, and a direct link opens by itself. */
async function introduce(ada: Client, ben: Client): Promise<void> {
  await Promise.all([ada.register("ada", PASSWORD), ben.register("ben", PASSWORD)]);
  await ada.add("ben");
  await ben.until("ada's request", (event) =>
    event.event === "roster" && event.state === "pending" ? true : undefined,
  );
  await ben.accept("ada");
  await Promise.all(
    [ada, ben].map((client) =>
      client.until("the direct link", (event) =>
        event.event === "link" && event.link.direct === "open" ? true : undefined,
      ),
    ),
  );
}

async function stage(plan: Stage): Promise<StageResult> {
  const result = await measureStage(plan);
  const { passed: _, ...fields } = result;
  process.stdout.write(values.json ? `${JSON.stringify(fields)}\n` : row(Object.values(fields)));
  return result;
}

function head(): void {
  if (values.json) return;
  process.stdout.write(
    row(["stage", "sent", "received", "doubled", "out of order", "path", "p50 ms", "p99 ms"]),
  );
}

function row(cells: readonly unknown[]): string {
  const widths = [8, 5, 9, 8, 13, 15, 8, 8];
  return `${cells
    .map((cell, n) => String(cell).padEnd(widths[n] ?? 0))
    .join(" ")
    .trimEnd()}\n`;
}
