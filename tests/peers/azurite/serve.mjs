// Runs Azurite's blobs on a port of this machine, held in memory, until standard input ends: then the program that started it is gone, however that
// came about. A container that everybody may read is made first by `container.mjs`.
//
// usage: serve.mjs PEER_FOLDER PORT

import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';

const [folder, port] = process.argv.slice(2);
process.stdin.on('end', () => process.exit(0)).resume();
process.argv = [process.argv[0], 'azurite-blob', '--blobHost', '127.0.0.1', '--blobPort', port, '--inMemoryPersistence',
  '--skipApiVersionCheck', '--disableTelemetry', '--silent'];
process.chdir(tmpdir());
createRequire(path.join(folder, 'package.json'))('azurite/dist/src/blob/main.js');
