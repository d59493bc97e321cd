// Lets tuf-js read a repository.
//
// Command line and answer are those of every driver in tests/peers, see README.md there.

import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, copyFileSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

const { values: request } = parseArgs({
  options: {
    root: { type: 'string' },
    url: { type: 'string' },
    at: { type: 'string' },
    cache: { type: 'string' },
    target: { type: 'string', multiple: true, default: [] },
  },
});
if (!request.root || !request.url || !request.cache) {
  console.error('usage: --root ROOT_JSON --url BASE_URL [--at RFC3339] --cache DIR [--target NAME]...');
  process.exit(2);
}
if (request.at && !process.env.ROOTLINE_PEER_CLOCK) {
  process.exit(againWithClockHeldAt(request.at));
}

try {
  console.log(JSON.stringify(await read(request)));
} catch (refusal) {
  // tuf-js wraps most causes into the text already; a failed connection hides in `cause`.
  console.error([refusal, refusal.cause].filter(Boolean).map(String).join(': '));
  process.exitCode = 1;
}

async function read({ root, url, cache, target }) {
  // The packages are installed outside of the checkout; NODE_PATH, which tests/peers/read sets, says where.
  // Only `require` looks there.
  const { Updater } = createRequire(import.meta.url)('tuf-js');

  const metadataDir = join(cache, 'metadata');
  const targetDir = join(cache, 'targets');
  mkdirSync(metadataDir, { recursive: true });
  mkdirSync(targetDir, { recursive: true });
  // tuf-js has no other way to be given a root than this file, which it overwrites with each newer one. Like
  // its users do, put it there once: from the second run on, the cached root is the trust.
  const cached = join(metadataDir, 'root.json');
  if (!existsSync(cached)) copyFileSync(root, cached);

  const base = url.replace(/\/+$/, '');
  const updater = new Updater({ metadataDir, metadataBaseUrl: base, targetDir, targetBaseUrl: `${base}/targets` });
  await updater.refresh();

  const files = {};
  for (const name of target) {
    const info = await updater.getTargetInfo(name);
    if (!info) throw new Error(`not found: ${name}`);
    const path = (await updater.findCachedTarget(info)) ?? (await updater.downloadTarget(info));
    files[name] = createHash('sha256').update(readFileSync(path)).digest('hex');
  }

  // The library does not say which versions it trusts; it keeps exactly those in its cache.
  const version = (role) => JSON.parse(readFileSync(join(metadataDir, `${role}.json`), 'utf8')).signed.version;
  return {
    root: version('root'),
    timestamp: version('timestamp'),
    snapshot: version('snapshot'),
    targets: version('targets'),
    files,
  };
}

// Runs this program again with the clock standing still, as tuf-js takes no time from its caller. Only the wall
// clock is replaced: a monotonic clock that stands still would never let a time-out end.
function againWithClockHeldAt(at) {
  const instant = new Date(at).toISOString().slice(0, 19).replace('T', ' ');
  const { status, error } = spawnSync('faketime', ['-f', instant, process.execPath, ...process.argv.slice(1)], {
    stdio: 'inherit',
    env: { ...process.env, ROOTLINE_PEER_CLOCK: '1', TZ: 'UTC', FAKETIME_DONT_FAKE_MONOTONIC: '1' },
  });
  if (error) console.error(`faketime does not start (${error.message}); tests/peers/install installs it`);
  return status ?? 2;
}
