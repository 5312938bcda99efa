import { encodeParentHashInput } from "ts-mls/parentHash.js";
import type { RatchetTree } from "ts-mls/ratchetTree.js";
import { encodeLeafNodeHashInput, encodeParentNodeHashInput } from "ts-mls/treeHash.js";
import { directPath, isLeaf, left, leafWidth, right, root, toNodeIndex } from "ts-mls/treemath.js";
import { sameBytes } from "../bytes.ts";

type Digest = (data: Uint8Array) => Uint8Array;

/**
 * The hashes of one tree (RFC 9420 §7.8, §7.9), each computed once. The library computes those of a
 * whole half anew for every leaf, which with 500 members takes seconds.
 */
export class TreeHashes {
  readonly #tree: RatchetTree;
  readonly #digest: Digest;
  readonly #root: number;
  readonly #known = new Map<number, Uint8Array>();
  /** By parent, those over its left and its right child. */
  readonly #parentHashes = new Map<number, { left?: Uint8Array; right?: Uint8Array }>();

  constructor(tree: RatchetTree, digest: Digest) {
    this.#tree = tree;
    this.#digest = digest;
    this.#root = root(leafWidth(tree.length));
  }

  /** The tree hash of the whole. */
  get whole(): Uint8Array {
    return this.#of(this.#root);
  }

  /**
   * Is every parent that is not blank bound by exactly one chain of parent hashes that begins at a
   * leaf (§7.9.2)?
   */
  hasSoundParents(): boolean {
    const bound = new Map<number, number>();
    for (const [index, node] of this.#tree.entries()) {
      if (node?.nodeType !== "leaf") continue;
      for (const parent of this.#chain(index)) bound.set(parent, (bound.get(parent) ?? 0) + 1);
    }
    return this.#tree.every((node, index) => node?.nodeType !== "parent" || bound.get(index) === 1);
  }

  /** The parents from a leaf upwards, as far as each names the next by its hash. */
  *#chain(leaf: number): Iterable<number> {
    let current = leaf;
    for (const above of directPath(toNodeIndex(leaf), leafWidth(this.#tree.length))) {
      if (this.#tree[above]?.nodeType !== "parent") continue;
      const named = this.#namedBy(current);
      if (named === undefined || !sameBytes(named, this.#parentHash(above, current))) return;
      yield above;
      current = above;
    }
  }

  /** The parent hash that a node holds. */
  #namedBy(index: number): Uint8Array | undefined {
    const node = this.#tree[index];
    if (node?.nodeType === "parent") return node.parent.parentHash;
    return node?.leaf.leafNodeSource === "commit" ? node.leaf.parentHash : undefined;
  }

  /** Of a parent, as a node below it has to name it. */
  #parentHash(parent: number, below: number): Uint8Array {
    const side = below < parent ? "left" : "right";
    const hashes = this.#parentHashes.get(parent) ?? {};
    this.#parentHashes.set(parent, hashes);
    hashes[side] ??= this.#computeParentHash(parent, side);
    return hashes[side];
  }

  #computeParentHash(index: number, side: "left" | "right"): Uint8Array {
    const node = this.#tree[index];
    if (node?.nodeType !== "parent") throw new RangeError("no parent");
    const { hpkePublicKey, parentHash, unmergedLeaves } = node.parent;
    const at = toNodeIndex(index);
    const sibling = side === "left" ? right(at) : left(at);
    return this.#digest(
      encodeParentHashInput({
        encryptionKey: hpkePublicKey,
        parentHash,
        originalSiblingTreeHash: this.#without(sibling, unmergedLeaves),
      }),
    );
  }

  #of(index: number): Uint8Array {
    const known = this.#known.get(index) ?? this.#compute(index, []);
    this.#known.set(index, known);
    return known;
  }

  /** As if some leaves had never been there. */
  #without(index: number, removed: readonly number[]): Uint8Array {
    // As many of a node's lowest bits are set as there are levels below it (appendix C).
    const reach = (index ^ (index + 1)) >>> 1;
    const below = removed.filter((leaf) => Math.abs(2 * leaf - index) <= reach);
    return below.length === 0 ? this.#of(index) : this.#compute(index, below);
  }

  #compute(index: number, removed: readonly number[]): Uint8Array {
    const at = toNodeIndex(index);
    const node = this.#tree[index];
    if (isLeaf(at)) {
      const leafNode = node?.nodeType === "leaf" && removed.length === 0 ? node.leaf : undefined;
      return this.#digest(
        encodeLeafNodeHashInput({ nodeType: "leaf", leafIndex: index / 2, leafNode }),
      );
    }
    const parent = node?.nodeType === "parent" ? node.parent : undefined;
    const parentNode = parent && {
      ...parent,
      unmergedLeaves: parent.unmergedLeaves.filter((leaf) => !removed.includes(leaf)),
    };
    return this.#digest(
      encodeParentNodeHashInput({
        nodeType: "parent",
        parentNode,
        leftHash: this.#without(left(at), removed),
        rightHash: this.#without(right(at), removed),
      }),
    );
  }
}
