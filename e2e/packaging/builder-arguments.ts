/** What electron-builder is told beside `electron-builder.yml`. */

/** `BEELINE_UPDATE_FEED` is no address from which a program may be replaced. */
export class UnusableFeed extends Error {
  override readonly name = "UnusableFeed";
}

/**
 * @param env `BEELINE_UPDATE_FEED`; on GitHub the repository's address stands in the packages
 * @param given the person's own arguments; they come last and so count more
 * @throws UnusableFeed
 */
export function builderArguments(
  env: Readonly<Record<string, string | undefined>>,
  given: readonly string[],
  platform: NodeJS.Platform,
): string[] {
  const feed = env["BEELINE_UPDATE_FEED"];
  const { GITHUB_SERVER_URL: server, GITHUB_REPOSITORY: repository } = env;
  const homepage =
    server && repository ? [`-c.extraMetadata.homepage=${server}/${repository}`] : [];
  const signed = Boolean(env["CSC_LINK"] ?? env["CSC_NAME"]);
  // A hardened program loads only parts of the same owner; without a certificate it has none.
  const soft = platform === "darwin" && !signed ? ["-c.mac.hardenedRuntime=false"] : [];
  return [
    // Nothing is ever uploaded from here.
    ...["--publish", "never"],
    ...homepage,
    ...soft,
    ...(feed ? feedArguments(feed) : []),
    ...given,
  ];
}

function feedArguments(feed: string): string[] {
  // By http anybody on the way could put another program in its place.
  if (!URL.canParse(feed) || new URL(feed).protocol !== "https:") {
    throw new UnusableFeed(`BEELINE_UPDATE_FEED must be an https address, not ${feed}`);
  }
  return ["-c.publish.provider=generic", `-c.publish.url=${feed}`];
}
