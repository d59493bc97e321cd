// Makes a container that everybody may read, as the account that Azurite always has.
//
// usage: container.mjs PORT NAME KEY

import { createHmac } from 'node:crypto';

const [port, name, key] = process.argv.slice(2);
const account = 'devstoreaccount1';
const headers = { 'x-ms-blob-public-access': 'blob', 'x-ms-date': new Date().toUTCString(), 'x-ms-version': '2021-08-06' };
const signed = Object.entries(headers).map(([header, value]) => `${header}:${value}\n`).join('');
const what = `PUT\n\n\n\n\n\n\n\n\n\n\n\n${signed}/${account}/${account}/${name}\nrestype:container`;
const signature = createHmac('sha256', Buffer.from(key, 'base64')).update(what, 'utf8').digest('base64');
const answer = await fetch(`http://127.0.0.1:${port}/${account}/${name}?restype=container`, {
  method: 'PUT',
  headers: { ...headers, Authorization: `SharedKey ${account}:${signature}` },
});
if (answer.status !== 201) {
  console.error(`${answer.status}: ${await answer.text()}`);
  process.exit(1);
}
