// Loads DIR/tree.json with OpenZeppelin's own package, checks the proofs of DIR/claims.json, and writes the
// dump of the tree that the package builds from the values alone.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import assert from "node:assert/strict";
import { StandardMerkleTree } from "@openzeppelin/merkle-tree";

const dir = process.argv[2];
const read = (name) => JSON.parse(readFileSync(join(dir, name), "utf8"));
const { root, leafEncoding, claims } = read("claims.json");
const tree = StandardMerkleTree.load(read("tree.json"));
tree.validate();
assert.equal(tree.root, root);
assert.equal(claims.length, [...tree.entries()].length);
for (const { value, leaf, proof } of claims) {
  assert.equal(tree.leafHash(value), leaf);
  assert.deepEqual(tree.getProof(value), proof);
  assert.ok(StandardMerkleTree.verify(root, leafEncoding, value, proof));
  const more = [...value.slice(0, 1), String(BigInt(value[1]) + 1n), ...value.slice(2)];
  assert.ok(!StandardMerkleTree.verify(root, leafEncoding, more, proof));
}
const values = claims.map(({ value }) => value);
console.log(JSON.stringify(StandardMerkleTree.of(values, leafEncoding).dump()));
