// Lets @sigstore/verify judge trust roots, and @sigstore/sign signing configs, given as files or by a repository, which
// @sigstore/tuf reads.
//
// Command line and answer are those of every driver of tests/peers/verify, see README.md there.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { parseArgs } from 'node:util';

// The packages are installed outside of the checkout; NODE_PATH, which tests/peers/verify sets, says where.
// Only `require` looks there.
const require = createRequire(import.meta.url);
const { bundleFromJSON } = require('@sigstore/bundle');
const { SigningConfig, TrustedRoot } = require('@sigstore/protobuf-specs');
const { bundleBuilderFromSigningConfig } = require('@sigstore/sign');
const { getTrustedRoot, initTUF } = require('@sigstore/tuf');
const { toSignedEntity, toTrustMaterial, Verifier } = require('@sigstore/verify');

const { values: request } = parseArgs({
  options: {
    'trusted-root': { type: 'string', multiple: true, default: [] },
    'signing-config': { type: 'string', multiple: true, default: [] },
    url: { type: 'string' },
    root: { type: 'string' },
    cache: { type: 'string' },
    offline: { type: 'boolean', default: false },
    bundle: { type: 'string', multiple: true, default: [] },
    artifact: { type: 'string' },
    identity: { type: 'string' },
    issuer: { type: 'string' },
  },
});

const judgements = request.url ? byRepository() : byFiles();
for (const [document, judge] of judgements) {
  let answer;
  try {
    answer = { document, accepted: true, ...(await judge()) };
  } catch (refusal) {
    answer = { document, accepted: false, reason: [refusal, refusal.cause].filter(Boolean).map(String).join(': ') };
    process.exitCode = 1;
  }
  console.log(JSON.stringify(answer));
}

function byFiles() {
  return [
    ...request['trusted-root'].map((document, at) => [
      document,
      () => accept(TrustedRoot.fromJSON(read(document)), request.bundle[at]),
    ]),
    ...request['signing-config'].map((document) => [document, () => select(SigningConfig.fromJSON(read(document)))]),
  ];
}

function byRepository() {
  const options = {
    mirrorURL: request.url,
    rootPath: request.root,
    cachePath: request.cache,
    forceCache: request.offline,
    retry: 0,
  };
  const signingConfig = async () => {
    const text = await (await initTUF(options)).getTarget('signing_config.v0.2.json');
    return select(SigningConfig.fromJSON(JSON.parse(text)));
  };
  return [
    ...request.bundle.map((bundle) => [
      'trusted_root.json',
      async () => accept(await getTrustedRoot(options), bundle),
    ]),
    ['signing_config.v0.2.json', signingConfig],
  ];
}

function accept(trustedRoot, bundle) {
  const verifier = new Verifier(toTrustMaterial(trustedRoot));
  const entity = toSignedEntity(bundleFromJSON(read(bundle)), readFileSync(request.artifact));
  verifier.verify(entity, {
    subjectAlternativeName: request.identity,
    extensions: { issuer: request.issuer },
  });
}

function select(signingConfig) {
  const identityProvider = { getToken: () => Promise.reject(new Error('nothing is signed here')) };
  const { signer, witnesses } = bundleBuilderFromSigningConfig({
    signingConfig,
    identityProvider,
    bundleType: 'messageSignature',
  });
  // The clients of the services are not public, so neither is what they are for.
  const services = [signer.ca.fulcio, ...witnesses.map(({ tlogV1, tsa }) => (tlogV1 ?? tsa)).map((client) => client.rekor ?? client.tsa)];
  return { selected: services.map((service) => service.options.baseURL) };
}

function read(path) {
  return JSON.parse(readFileSync(path, 'utf8'));
}
