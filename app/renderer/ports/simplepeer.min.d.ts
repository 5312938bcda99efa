// simple-peer's browser bundle, which has no types of its own. Those of @types/simple-peer would
// bring the globals of Node into the page.
declare module "simple-peer/simplepeer.min.js" {
  const SimplePeer: import("../../peer/simple-peer-connector.ts").SimplePeerConstructor;
  // oxlint-disable-next-line import/no-default-export -- that is what the bundle has
  export default SimplePeer;
}
