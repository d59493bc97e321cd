// Runs the libraries in WebAssembly: an update of a repository that is in the program, and what there is without files.
//
// usage: node run.mjs PROGRAM.wasm ROOT LOGS     the newest root's version and the number of transparency logs that are expected
import { readFile } from 'node:fs/promises';

const [program, root, logs] = process.argv.slice(2);
// Nothing is imported: no clock, no files, no randomness.
const { instance } = await WebAssembly.instantiate(await readFile(program), {});
const { update, no_disk: noDisk } = instance.exports;
const day = 86400n;
const now = BigInt(Math.floor(Date.now() / 1000));
const expected = BigInt(root) * 1000n + BigInt(logs);

function check(what, found, wanted) {
  if (found !== wanted) throw new Error(`${what}: ${found}, not ${wanted}`);
}

check('an update now', update(now), expected);
check('again', update(now), expected);
check('an update in ten years, of files that have expired', update(now + 3650n * day), 0n);
check('a cache on disk is an error and no trap', noDisk(), 1n);
