import { setTimeout as pause } from "node:timers/promises";
import type { Lab } from "./lab.ts";
import { PEOPLE, type Action, type Person } from "./scenario.ts";
import type { Stage } from "./stage.ts";

/** Does it, and undoes it after its time. */
export async function act(action: Action, stage: Stage): Promise<void> {
  const { lab, server, slowWay } = stage;
  if ("cable" in action) {
    await lab.cable(action.cable, "down");
    await pause(action.downMs);
    await lab.cable(action.cable, "up");
  } else if ("readdress" in action) {
    await lab.readdress(action.readdress, action.to);
  } else if ("direct" in action) {
    await (action.direct === "silent"
      ? silence(lab, action.downMs)
      : slowDown(slowWay, action.delayMs, action.forMs, stage.scenario.delayMs));
  } else if (action.server === "killed") {
    await server.stop("SIGKILL");
    await pause(action.downMs);
    await server.start();
  } else if (action.server === "gone") {
    await server.stop("SIGKILL");
    await Promise.all(PEOPLE.map((person) => stage[person].restart()));
  } else {
    await lab.readdress("server", [`${action.to}/${action.prefixLength}`]);
    lab.rename(action.to);
  }
}

/** At the receiving ends: whoever sends is told nothing. */
async function silence(lab: Lab, forMs: number): Promise<void> {
  for (const person of PEOPLE) {
    await lab.run(
      person,
      "nft",
      inputRules("silence", `ip saddr ${lab.address(other(person))} drop`),
    );
  }
  await pause(forMs);
  for (const person of PEOPLE) await lab.run(person, "nft", "delete table inet silence");
}

async function slowDown(
  slowWay: Stage["slowWay"],
  delayMs: number,
  forMs: number,
  usualMs = 0,
): Promise<void> {
  if (slowWay === undefined) throw new Error("this scenario has no slow way");
  slowWay.delay(delayMs);
  await pause(forMs);
  slowWay.delay(usualMs);
}

/** Counts from now on what comes to each from the other, without a server between. */
export async function countPackets(lab: Lab): Promise<void> {
  for (const person of PEOPLE) {
    const rule = `ip saddr ${lab.address(other(person))} ip daddr ${lab.address(person)} counter`;
    await lab.run(person, "nft", inputRules("watch", rule));
  }
}

/** @returns what was counted so far, both ways */
export async function countedPackets(lab: Lab): Promise<number> {
  const tables = await Promise.all(
    PEOPLE.map((person) => lab.run(person, "nft", "list table inet watch")),
  );
  return tables.reduce((sum, table) => {
    const [, packets] = /packets (\d+)/.exec(table) ?? [];
    if (packets === undefined) throw new Error(`nft counts nothing: ${table}`);
    return sum + Number(packets);
  }, 0);
}

function inputRules(table: string, rule: string): string {
  return [
    `table inet ${table} {`,
    "chain input {",
    "type filter hook input priority -10; policy accept;",
    rule,
    "}",
    "}",
  ].join("\n");
}

function other(person: Person): Person {
  return person === "ada" ? "ben" : "ada";
}
